import { randomInt } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { schedule } from "node-cron";

/** When to look: twice a day, at a time that was set, and when somebody has set the clock. */
export type Schedule = {
  /** Looks twice a day at that minute of twelve hours, or as the cron expression says. */
  start: (minute: number, expression?: string) => void;
  /** Looks once more at that time; undefined takes it back. */
  wakeAt: (time: Date | undefined) => void;
};

/** A schedule that calls `look`. */
export const scheduleOf = (look: () => void, say: (text: string) => void): Schedule => {
  let expression: string | undefined;
  let task: { destroy: () => unknown } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    void task?.destroy();
    if (expression === undefined) return;
    const made = schedule(expression, look, { suppressMissedWarning: true, unref: true });
    // A beat that comes over a second late is not run but called missed.
    made.on("execution:missed", look);
    task = made;
  };
  const start = (minute: number, other?: string): void => {
    expression = other ?? twiceADay(minute);
    begin();
  };
  watchClock((seconds) => {
    say(`the clock was set by ${seconds} s`);
    // node-cron keeps the next time that it found: by a clock a year ahead, it would wait for a year.
    begin();
    look();
  });
  return {
    start,
    wakeAt: (time) => {
      clearTimeout(timer);
      if (time === undefined) return;
      const wait = Math.min(Math.max(time.getTime() - Date.now(), 1000), longest);
      timer = setTimeout(look, wait);
    },
  };
};

/** The minute of twelve hours that was drawn for this installation; drawn anew at each start where it cannot be kept. */
export const drawnMinute = async (folder: string): Promise<number> => {
  const path = join(folder, "minute");
  const kept = await readFile(path, "utf8").catch(() => "");
  if (/^\d+\n$/.test(kept) && Number(kept) < minutes) return Number(kept);
  const drawn = randomInt(minutes);
  await writeFile(path, `${drawn}\n`).catch(() => {});
  return drawn;
};

/** The minutes of half a day. */
export const minutes = 720;

/** Milliseconds: a timer of Node's takes at most 24 days. */
const longest = 12 * 60 * 60 * 1000;

const twiceADay = (minute: number): string => {
  const hour = Math.floor(minute / 60);
  return `${minute % 60} ${hour},${hour + 12} * * *`;
};

/** Compares the clock that people set with the one that nobody sets. */
const watchClock = (wasSetBy: (seconds: number) => void): void => {
  let known = difference();
  setInterval(() => {
    const seconds = Math.round((difference() - known) / 1000);
    if (Math.abs(seconds) < 60) return;
    known = difference();
    wasSetBy(seconds);
  }, 10_000).unref();
};

const difference = (): number => Date.now() - performance.now();
