import { stripVTControlCharacters } from "node:util";

/** A duration in milliseconds as text: "0.4 s", "12 s", "3 min 05 s". */
export const duration = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
};

/** A duration in milliseconds as one number: "12 days", "5 hours", "3 minutes". */
export const lengthText = (milliseconds: number): string => {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 120) return plural(minutes, "minute");
  if (minutes < 48 * 60) return plural(Math.floor(minutes / 60), "hour");
  return plural(Math.floor(minutes / 1440), "day");
};

/** Text from another machine as one line without control sequences. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text)
    .replace(/\s*[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+\s*/gu, " ")
    .trim();

/** A number with its noun: "1 host", "3 hosts". */
export const plural = (number: number, word: string): string =>
  `${number} ${word}${number === 1 ? "" : "s"}`;

/** Names in a sentence: "a", "a and b", "a, b and c". */
export const listed = (names: readonly string[]): string =>
  names.join(", ").replace(/, (?=[^,]*$)/, " and ");

/** The text with a capital as its first letter. */
export const capitalized = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** A value as JSON without control characters: JSON.stringify itself leaves some of them unescaped. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** A count as text: "950", "12.5k", "200k", "1.2M". */
export const countText = (count: number): string => {
  if (count < 1000) return String(count);
  const [unit, name] = count < 999_950 ? [1e3, "k"] : [1e6, "M"];
  return `${Number((count / unit).toFixed(1))}${name}`;
};

/** The time since a moment: "just now", "5 min ago", "3 h ago", "12 days ago". */
export const agoText = (then: Date, now: Date): string => {
  const minutes = Math.floor((now.getTime() - then.getTime()) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} days ago`;
};

/** A moment to the minute: "2026-11-21 12:00 UTC". */
export const momentText = (moment: Date): string =>
  `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;

const units = ["B", "KB", "MB", "GB", "TB", "PB"];

/** Bytes as text with binary units: 1610612736 is "1.5 GB". */
export const formatSize = (bytes: number): string => {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
};
