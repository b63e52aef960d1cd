import { UserError, exitCode, shown } from "../../errors.js";

/** Something wrong at a place of the file, in a sentence: what, why, what would be right. Counted from 1. */
export type Complaint = { line: number; column: number; text: string };

/** A key's place: names of keys and indexes of lists. */
export type Path = readonly PropertyKey[];

/** Something wrong with the value at a path. `atKey` means the key itself and not what it holds. */
export type Finding = { path: Path; text: string; atKey?: boolean };

const most = 30;

/** All complaints as one error, in the order of the file; its causes are one error each, with its place. */
export const complaintsError = (file: string, complaints: readonly Complaint[]): UserError => {
  const causes = complaints
    .toSorted((one, other) => one.line - other.line || one.column - other.column)
    .map(({ text, line, column }) => new UserError(text, { place: { file, line, column } }));
  const more = causes.length - most;
  const rest = more > 0 ? [`${file}: and ${more} more`] : [];
  return new UserError(
    [...causes.slice(0, most).map(({ message }) => message), ...rest].join("\n"),
    {
      hint: `mend ${file}, then type the command again`,
      code: exitCode.usage,
      causes,
    },
  );
};

/** A path in words: `storage.quota`, `item 2 of workers`, `address of item 2 of workers`. */
export const pathText = (path: Path): string => {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text = `item ${part + 1} of ${text}`;
    else if (text.startsWith("item ")) text = `${word(part)} of ${text}`;
    else text = text === "" ? word(part) : `${text}.${word(part)}`;
  }
  return text === "" ? "the file" : text;
};

// A group may be called anything before its name is complained of.
const word = (part: PropertyKey): string =>
  /^[\w-]+$/.test(String(part)) ? String(part) : shown(part);
