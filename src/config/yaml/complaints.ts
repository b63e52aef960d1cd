import { UserError, exitCode, shown } from "../../errors.js";

/** A sentence about a place of the file: what is wrong, why, what to write instead. Line and column count from 1. */
export type Complaint = { line: number; column: number; text: string };

/** The path of a value: names of keys and indexes of lists. */
export type Path = readonly PropertyKey[];

/** A complaint about the value at a path, or with `atKey` about the key itself. */
export type Finding = { path: Path; text: string; atKey?: boolean };

const maximum = 30;

/** All complaints as one error (usage), in the order of the file; its causes are one error with its place for each. */
export const complaintsError = (file: string, complaints: readonly Complaint[]): UserError => {
  const causes = complaints
    .toSorted((one, other) => one.line - other.line || one.column - other.column)
    .map(({ text, line, column }) => new UserError(text, { place: { file, line, column } }));
  const more = causes.length - maximum;
  const rest = more > 0 ? [`${file}: and ${more} more`] : [];
  return new UserError(
    [...causes.slice(0, maximum).map(({ message }) => message), ...rest].join("\n"),
    {
      hint: `correct ${file}, then repeat the command`,
      code: exitCode.usage,
      causes,
    },
  );
};

/** A path in words: `"storage.quota"`, `item 2 of "workers"`, `"address" of item 2 of "workers"`. */
export const pathText = (path: Path): string => {
  const item = path.findLastIndex((part) => typeof part === "number");
  const keys = path
    .slice(item + 1)
    .map(keyText)
    .join(".");
  if (item < 0) return keys === "" ? "the file" : `"${keys}"`;
  const itemText = `item ${Number(path[item]) + 1} of ${pathText(path.slice(0, item))}`;
  return keys === "" ? itemText : `"${keys}" of ${itemText}`;
};

// A group may have any name until its own complaint.
const keyText = (part: PropertyKey): string =>
  /^[\w-]+$/.test(String(part)) ? String(part) : shown(part).replaceAll('"', "");
