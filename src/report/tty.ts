import { stripVTControlCharacters } from "node:util";
import type { Event, Report } from "../reconcile/event.js";
import { printable } from "../text/format.js";
import { columns } from "../text/width.js";
import { type View, frame } from "./frame.js";
import { plainLine } from "./lines.js";
import { type Span, paint } from "./paint.js";
import { advance, initialProgress } from "./progress.js";

/** A live tree on a terminal. `pause` clears it until its result is called. */
type LiveReport = Report & { pause: () => () => void };

/** The terminal that the live tree is drawn on. */
export type Canvas = {
  write: (text: string) => void;
  /** Its present size: people resize it. */
  view: () => View;
  /** Milliseconds. */
  now: () => number;
  /** Calls `draw` repeatedly until its result is called. */
  every: (ms: number, draw: () => void) => () => void;
};

/** Shows a run as a tree that is redrawn at most ten times a second. */
export const liveReport = ({ write, view, now, every }: Canvas): LiveReport => {
  let progress = initialProgress;
  let shown: string[] = [];
  let stop: (() => void) | undefined;
  let paused = false;

  const draw = (height = view().height - 1): void => {
    if (paused || stop === undefined) return;
    const lines = frame(progress, { ...view(), height }, now());
    if (lines.length === shown.length && lines.every((line, at) => line === shown[at])) return;
    // Erased before it is written: after a line as wide as the terminal, erasing would take its last character.
    const drawn = lines.map((line) => `${eraseLine}${line}\n`).join("");
    write(`${up(shown, view().width)}${drawn}${eraseBelow}`);
    shown = lines;
  };
  const start = (): void => {
    if (stop !== undefined) return;
    write(hideCursor);
    stop = every(100, () => draw());
    draw();
  };
  const end = (): void => {
    if (stop === undefined) return;
    // The last drawing may be longer than the screen, as nothing is drawn over it.
    draw(Number.POSITIVE_INFINITY);
    stop();
    stop = undefined;
    shown = [];
    progress = initialProgress;
    write(showCursor);
  };
  const pause = (): (() => void) => {
    if (stop === undefined || paused) return () => {};
    write(`${up(shown, view().width)}${eraseBelow}${showCursor}`);
    shown = [];
    paused = true;
    return () => {
      paused = false;
      if (stop === undefined) return;
      write(hideCursor);
      draw();
    };
  };

  return {
    pause,
    event: (event) => {
      progress = advance(progress, event, now());
      if (event.type === "survey") start();
      if (event.type === "summary") end();
      const lines = permanentLines(event);
      if (lines.length === 0) return;
      const resume = pause();
      for (const line of lines) write(`${paint(line, Number.POSITIVE_INFINITY, view().colour)}\n`);
      resume();
    },
    close: end,
  };
};

/** The lines of an event that stay on the screen, above the tree. */
const permanentLines = (event: Event): Span[][] => {
  switch (event.type) {
    case "note":
      return [[[plainLine(event) ?? ""]]];
    case "step-done":
      return event.note === undefined ? [] : [[[plainLine(event) ?? ""]]];
    case "warning":
      return [[["warning:", "warn"], [` ${printable(event.text)}`]]];
    case "summary":
      return [
        [],
        [[printable(event.text), "bold"]],
        ...event.next.map((next): Span[] => [[`  ${printable(next)}`]]),
      ];
    default:
      return [];
  }
};

/** Moves back to the first of the lines; a terminal that became narrower has wrapped them into more. */
const up = (lines: readonly string[], width: number): string => {
  const rows = lines.map((line) =>
    Math.max(1, Math.ceil(columns(stripVTControlCharacters(line)) / width)),
  );
  const sum = rows.reduce((one, other) => one + other, 0);
  return sum === 0 ? "\r" : `\r\x1b[${sum}A`;
};

const eraseLine = "\x1b[2K";
const eraseBelow = "\x1b[J";
const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";
