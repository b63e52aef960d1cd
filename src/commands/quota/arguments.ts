import type { OwnLimits, Unreadable } from "../../../contracts/limits.js";
import { bytesFrom, filesFrom } from "../../config/values/units.js";
import { UserError, adviceOf, exitCode } from "../../errors.js";

/** A limit on the command line; "default" is the configured one. */
type RequestedLimit = number | "default";

/** The request of `quota set`: the users (undefined is all homes) and the new amounts; an undefined one stays. */
export type Request = {
  users: string[] | undefined;
  bytes?: RequestedLimit;
  files?: RequestedLimit;
};

const minimumBytes = 2 ** 20;

/** Parses `USER… LIMIT`; with `files` the LIMIT may be missing. Throws a UserError (usage). */
export const requestFrom = (
  words: readonly string[],
  { all, files }: { all: boolean; files?: string },
): Request => {
  const last = words.at(-1);
  if (last === undefined && files === undefined) throw usageError("a limit is missing");
  const hasLimit = last !== undefined && (files === undefined || isLimit(last));
  const bytes = hasLimit ? sizeFrom(last) : undefined;
  const users = hasLimit ? words.slice(0, -1) : [...words];
  if (all && users.length > 0)
    throw usageError(`--all is for every home, so ${users.join(", ")} cannot be named as well`);
  if (!all && users.length === 0) throw usageError("a user is missing");
  return {
    users: all ? undefined : users,
    ...(bytes !== undefined && { bytes }),
    ...(files !== undefined && { files: countFrom(files) }),
  };
};

/** The own limits of a home after the request; undefined where none is left. */
export const limitsAfter = (
  own: OwnLimits | Unreadable | undefined,
  { bytes, files }: Request,
): OwnLimits | undefined => {
  // "default" alone resets both amounts.
  if (bytes === "default" && files === undefined) return undefined;
  const before = own === undefined || "problem" in own ? {} : own;
  const next = { bytes: before.bytes, files: before.files, ...(bytes !== undefined && { bytes }) };
  const both = { ...next, ...(files !== undefined && { files }) };
  const numbers = Object.entries(both).filter(([, value]) => typeof value === "number");
  return numbers.length === 0 ? undefined : (Object.fromEntries(numbers) as OwnLimits);
};

// A typing error like 10GB is reported as one, rather than taken for a user.
const isLimit = (word: string): boolean =>
  word === "default" || /^\d[\d.]*\s*[KMGT]?(?:i?B)?$/i.test(word);

const sizeFrom = (text: string): RequestedLimit => {
  if (text === "default") return text;
  const bytes = parsed(`"${text}" is not a limit`, () => bytesFrom(text));
  if (bytes < minimumBytes) throw usageError(`"${text}" is not a limit: the minimum is 1M`);
  return bytes;
};

const countFrom = (text: string): RequestedLimit =>
  text === "default" ? text : parsed(`--files ${text}`, () => filesFrom(text));

const parsed = (subject: string, parse: () => number): number => {
  try {
    return parse();
  } catch (error) {
    throw usageError(`${subject}: ${adviceOf(error)}`);
  }
};

const usageError = (message: string): UserError =>
  new UserError(message, {
    hint: "type for example `swarmhub quota set ada grace 10G`, `swarmhub quota set --all 5G` or `swarmhub quota set ada default`",
    code: exitCode.usage,
  });
