import { UserError } from "../../errors.js";
import type { Bytes, Milliseconds } from "../types.js";

const factors = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 } as const;
const seconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const most = 1024 * factors.T;

/** Bytes of `500M`, `1.5G`: K, M, G, T are powers of 1024. Throws a UserError. */
export const bytesFrom = (text: string): Bytes => {
  const found = /^(\d{1,9}(?:\.\d{1,3})?)([KMGT])$/.exec(text);
  if (found === null)
    throw new UserError("a size is a number and K, M, G or T", { hint: sizeAdvice(text) });
  const bytes = Math.round(Number(found[1]) * factors[found[2] as keyof typeof factors]);
  if (bytes > most)
    throw new UserError("nothing here is larger than 1024T", { hint: "write for example 5G" });
  return bytes as Bytes;
};

/** Bytes as the file would say it: `5G`, `1.5G`; the largest unit that keeps it short. */
export const bytesText = (bytes: number): string => {
  const unit = (["T", "G", "M"] as const).find((name) => bytes >= factors[name]) ?? "K";
  return `${Number((bytes / factors[unit]).toFixed(2))}${unit}`;
};

/** Milliseconds of `30s`, `10m`, `1.5h`, `2d`. Throws a UserError. */
export const durationFrom = (text: string): Milliseconds => {
  const found = /^(\d{1,6}(?:\.\d{1,3})?)([smhd])$/.exec(text);
  if (found === null)
    throw new UserError("a duration is a number and s, m, h or d", {
      hint: "write for example 30s or 1h",
    });
  const length = Number(found[1]) * seconds[found[2] as keyof typeof seconds];
  return Math.round(length * 1000) as Milliseconds;
};

/** Milliseconds without use after which a server may be stopped. Throws a UserError. */
export const idleFrom = (text: string): Milliseconds => {
  const idle = durationFrom(text);
  const right = "write for example 2h";
  // A server tells the hub every 5 minutes that it is used: in less time people at work would lose theirs.
  if (idle < durationFrom("10m")) throw new UserError("the minimum is 10m", { hint: right });
  if (idle > durationFrom("365d"))
    throw new UserError("nothing here is longer than 365d", { hint: right });
  return idle;
};

/** A number of files: `200k`, `1.5M`, `5000`; k and M are thousands and millions. Throws a UserError. */
export const filesFrom = (text: string): number => {
  const [, digits, unit = ""] = /^(\d{1,9}(?:\.\d{1,3}(?=[kM]))?)([kM]?)$/.exec(text) ?? [];
  const right = "write for example 200k";
  if (digits === undefined)
    throw new UserError("it is a number, with k or M for thousands or millions", { hint: right });
  const files = Math.round(Number(digits) * (unit === "M" ? 1e6 : unit === "k" ? 1e3 : 1));
  if (files < 1000) throw new UserError("the minimum is 1k", { hint: right });
  if (files > 1e9) throw new UserError("nothing here is more than 1000M", { hint: right });
  return files;
};

/** A number of whole days: `30d`. Throws a UserError. */
export const daysFrom = (text: string): number => {
  const days = Number(/^(\d{1,4})d$/.exec(text)?.[1]);
  if (days >= 1 && days <= 3650) return days;
  throw new UserError("it is a number of whole days from 1d to 3650d", {
    hint: "write for example 30d",
  });
};

const sizeAdvice = (text: string): string => {
  const near = /^(\d{1,9}(?:\.\d{1,3})?)\s*([KMGT])(?:i?B)?$/i.exec(text.trim());
  return near === null ? "write for example 5G" : `write ${near[1]}${near[2]?.toUpperCase()}`;
};
