import { stripVTControlCharacters } from "node:util";

/** A duration in milliseconds as people say it: 0.4 s, 12 s, 3 min 05 s. */
export const duration = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
};

/** Text from another machine as one line that can do nothing to a terminal. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text)
    .replace(/\s*[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+\s*/gu, " ")
    .trim();

/** A number of things: 1 host, 3 hosts. */
export const plural = (number: number, word: string): string =>
  `${number} ${word}${number === 1 ? "" : "s"}`;
