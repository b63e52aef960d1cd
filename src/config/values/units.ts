import type { Bytes, Milliseconds } from "../types.js";
import { type Reader, didYouMean, reader } from "./reader.js";

const factors = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const;
const seconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const maximum = 1024 * factors.T;

/** Reads bytes of `500M`, `1.5G`: K, M, G, T are powers of 1024. */
export const sizeFrom = (example: string, minimum = "0K"): Reader<Bytes> =>
  reader({ what: "a size", example }, (text, reject) => {
    const bytes = bytesIn(text);
    if (bytes === undefined) throw reject(undefined, correctedSize(text));
    if (bytes > maximum) throw reject("the maximum is 1024T");
    if (bytes < (bytesIn(minimum) ?? 0)) throw reject(`the minimum is ${minimum}`);
    return bytes;
  });

/** Bytes of any size. */
export const bytesFrom = sizeFrom("5G");

const bytesIn = (text: string): Bytes | undefined => {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,3})?)([KMGT])$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Math.round(Number(digits) * factors[unit as keyof typeof factors]) as Bytes;
};

/** For a slip such as 5GB or 5 g. */
const correctedSize = (text: string): string | undefined => {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,3})?)\s*([KMGT])(?:i?B)?$/i.exec(text.trim()) ?? [];
  return unit === undefined ? undefined : didYouMean(`${digits}${unit.toUpperCase()}`);
};

/** Bytes as the file has them: `5G`, `1.5G`; the largest unit that keeps it short. */
export const bytesText = (bytes: number): string => {
  const unit = (["T", "G", "M"] as const).find((name) => bytes >= factors[name]) ?? "K";
  return `${Number((bytes / factors[unit]).toFixed(2))}${unit}`;
};

/** Milliseconds of `30s`, `10m`, `1.5h`, `2d`. */
export const durationFrom = reader(
  { what: "a duration", example: "30s" },
  (text, reject): Milliseconds => {
    const length = durationIn(text);
    if (length === undefined) throw reject();
    return length;
  },
);

const durationBetween = (
  shortest: string,
  longest: string,
  example: string,
): Reader<Milliseconds> =>
  reader({ what: `a duration from ${shortest} to ${longest}`, example }, (text, reject) => {
    const length = durationIn(text);
    const isTooShort = length === undefined || length < durationFrom(shortest);
    if (isTooShort || length > durationFrom(longest)) throw reject();
    return length;
  });

const durationIn = (text: string): Milliseconds | undefined => {
  const [, digits, unit] = /^(\d{1,6}(?:\.\d{1,3})?)([smhd])$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const length = Number(digits) * seconds[unit as keyof typeof seconds];
  return Math.round(length * 1000) as Milliseconds;
};

/**
 * Milliseconds without use after which a server may be stopped. A server reports activity to the hub every 5 minutes: a shorter
 * time would stop servers in use.
 */
export const idleFrom = durationBetween("10m", "365d", "2h");

/** Milliseconds for which a login lasts. */
export const rememberFrom = durationBetween("1h", "90d", "12h");

/** Seconds until a new DNS record is visible everywhere. */
export const propagationFrom = reader(
  { what: "a duration from 1s to 8m", example: "60s" },
  (text, reject): number => {
    const length = Math.round((durationIn(text) ?? 0) / 1000);
    if (length < 1 || length > 480) throw reject();
    return length;
  },
);

/** A number of files: `200k`, `1.5M`, `5000`; k and M are thousands and millions. */
export const filesFrom = reader(
  { what: "a number of files", example: "200k" },
  (text, reject): number => {
    const [, digits, unit = ""] = /^(\d{1,9}(?:\.\d{1,3}(?=[kM]))?)([kM]?)$/.exec(text) ?? [];
    if (digits === undefined) throw reject("a number, with k or M for thousands or millions");
    const files = Math.round(Number(digits) * (unit === "M" ? 1e6 : unit === "k" ? 1e3 : 1));
    if (files < 1000) throw reject("the minimum is 1k");
    if (files > 1e9) throw reject("the maximum is 1000M");
    return files;
  },
);

/** A number of whole days: `30d`. */
export const daysFrom = reader(
  { what: "a number of days from 1d to 3650d", example: "30d" },
  (text, reject): number => {
    const days = Number(/^(\d{1,4})d$/.exec(text)?.[1]);
    if (days >= 1 && days <= 3650) return days;
    throw reject();
  },
);
