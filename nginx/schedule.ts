import { randomInt } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { schedule } from "node-cron";

/** When the certificate is checked: twice a day, at a time that was set, and whenever the system clock changes. */
type Schedule = {
  /** Checks twice a day at that minute of twelve hours, or as the cron expression says. */
  start: (minute: number, expression?: string) => void;
  /** Checks once more at that time; undefined cancels it. */
  wakeAt: (time: Date | undefined) => void;
};

/** A schedule that calls `check`. */
export const scheduleOf = (check: () => void, log: (text: string) => void): Schedule => {
  let expression: string | undefined;
  let task: { destroy: () => unknown } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const restart = (): void => {
    void task?.destroy();
    if (expression === undefined) return;
    const created = schedule(expression, check, { suppressMissedWarning: true, unref: true });
    // A run that comes over a second late is not executed but reported as missed.
    created.on("execution:missed", check);
    task = created;
  };
  const start = (minute: number, other?: string): void => {
    expression = other ?? twiceADay(minute);
    restart();
  };
  watchClock((seconds) => {
    log(`the system clock was changed by ${seconds} s`);
    // node-cron keeps the next time that it computed: with a clock a year ahead, it would wait for a year.
    restart();
    check();
  });
  return {
    start,
    wakeAt: (time) => {
      clearTimeout(timer);
      if (time === undefined) return;
      const wait = Math.min(Math.max(time.getTime() - Date.now(), 1000), longestWait);
      timer = setTimeout(check, wait);
    },
  };
};

/** The minute of twelve hours that is drawn at random once for this installation, or at each start where it cannot be stored. */
export const minuteOfInstallation = async (folder: string): Promise<number> => {
  const path = join(folder, "minute");
  const stored = await readFile(path, "utf8").catch(() => "");
  if (/^\d+\n$/.test(stored) && Number(stored) < minutes) return Number(stored);
  const drawn = randomInt(minutes);
  await writeFile(path, `${drawn}\n`).catch(() => {});
  return drawn;
};

/** The minutes of half a day. */
export const minutes = 720;

/** Milliseconds: a timer of Node's takes at most 24 days. */
const longestWait = 12 * 60 * 60 * 1000;

const twiceADay = (minute: number): string => {
  const hour = Math.floor(minute / 60);
  return `${minute % 60} ${hour},${hour + 12} * * *`;
};

/** Compares the system clock, which can be set, with the monotonic one, which cannot. */
const watchClock = (onChange: (seconds: number) => void): void => {
  let known = clockDifference();
  setInterval(() => {
    const seconds = Math.round((clockDifference() - known) / 1000);
    if (Math.abs(seconds) < 60) return;
    known = clockDifference();
    onChange(seconds);
  }, 10_000).unref();
};

const clockDifference = (): number => Date.now() - performance.now();
