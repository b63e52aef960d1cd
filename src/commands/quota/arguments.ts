import type { OwnLimits, Unreadable } from "../../../contracts/limits.js";
import { bytesFrom, filesFrom } from "../../config/values/units.js";
import { UserError, adviceOf, exitCode } from "../../errors.js";

/** A limit as it is typed, or the word for going back to what the configuration says. */
type Given = number | "default";

/** What is asked of `quota set`: for whom (everybody where that is undefined), and what; undefined stays as it is. */
export type Request = { users: string[] | undefined; bytes?: Given; files?: Given };

const least = 2 ** 20;

/** Reads `USER… LIMIT`; with `files` the LIMIT may be missing. Throws a UserError (usage). */
export const requestFrom = (
  words: readonly string[],
  { all, files }: { all: boolean; files?: string },
): Request => {
  const last = words.at(-1);
  if (last === undefined && files === undefined) throw usage("no limit is named");
  const hasLimit = last !== undefined && (files === undefined || isLimit(last));
  const bytes = hasLimit ? sizeFrom(last) : undefined;
  const users = hasLimit ? words.slice(0, -1) : [...words];
  if (all && users.length > 0)
    throw usage(`--all is everybody, and ${users.join(", ")} stands beside it`);
  if (!all && users.length === 0) throw usage("nobody is named");
  return {
    users: all ? undefined : users,
    ...(bytes !== undefined && { bytes }),
    ...(files !== undefined && { files: countFrom(files) }),
  };
};

/** What is to be remembered of a home after that; undefined where nothing is. */
export const changed = (
  own: OwnLimits | Unreadable | undefined,
  { bytes, files }: Request,
): OwnLimits | undefined => {
  // "default" alone is all of it.
  if (bytes === "default" && files === undefined) return undefined;
  const before = own === undefined || "problem" in own ? {} : own;
  const next = { bytes: before.bytes, files: before.files, ...(bytes !== undefined && { bytes }) };
  const both = { ...next, ...(files !== undefined && { files }) };
  const kept = Object.entries(both).filter(([, value]) => typeof value === "number");
  return kept.length === 0 ? undefined : (Object.fromEntries(kept) as OwnLimits);
};

// A slip like 10GB is told as one, rather than taken for a name.
const isLimit = (word: string): boolean =>
  word === "default" || /^\d[\d.]*\s*[KMGT]?(?:i?B)?$/i.test(word);

const sizeFrom = (text: string): Given => {
  if (text === "default") return text;
  const bytes = told(`"${text}" is no limit`, () => bytesFrom(text));
  if (bytes < least) throw usage(`"${text}" is no limit: the minimum is 1M`);
  return bytes;
};

const countFrom = (text: string): Given =>
  text === "default" ? text : told(`--files ${text}`, () => filesFrom(text));

const told = (what: string, read: () => number): number => {
  try {
    return read();
  } catch (error) {
    throw usage(`${what}: ${adviceOf(error)}`);
  }
};

const usage = (message: string): UserError =>
  new UserError(message, {
    hint: "`swarmhub quota set ada grace 10G`, `swarmhub quota set --all 5G`, `swarmhub quota set ada default`",
    code: exitCode.usage,
  });
