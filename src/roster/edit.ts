import type { RosterSource } from "../config/types.js";
import { replaceFile } from "../config/yaml/write-file.js";
import { shown, usageError } from "../errors.js";
import { encode } from "./encoding.js";
import { type RosterFile, rosterFrom } from "./read.js";
import { isFormula, refusalOf, spell } from "./spell.js";

/** Somebody to add: the user name or e-mail address as the file has it, the name for people, and groups. */
export type NewPerson = { user: string; shown?: string; groups: readonly string[] };

/** The roster with further people at its end, in the form of the file. Throws a UserError (usage) where one does not fit. */
export const withPeople = (
  file: RosterFile,
  people: readonly NewPerson[],
  source: RosterSource,
): RosterFile => {
  const { table, text } = file;
  const bytes = Buffer.from(text);
  const header = bytes.toString("utf8", table.header.start, table.header.end);
  const lineEnd = /(\r\n|\n|\r)$/.exec(header)?.[0] ?? "\n";
  const isQuoted = header.startsWith('"');
  const rows = people.map((person) =>
    cellsOf(person, file)
      .map((cell) => cellText(cell, table.separator, isQuoted))
      .join(table.separator),
  );
  const at = (table.rows.at(-1) ?? table.header).end;
  const before = bytes.toString("utf8", 0, at);
  const start = /[\r\n]$/.test(before) ? before : before + lineEnd;
  const after = bytes.toString("utf8", at);
  return rosterFrom(`${start}${rows.join(lineEnd)}${lineEnd}${after}`, file.encoding, source);
};

/** The roster without these people; all other lines stay as they are. */
export const withoutPeople = (
  file: RosterFile,
  names: ReadonlySet<string>,
  source: RosterSource,
): RosterFile => {
  const bytes = Buffer.from(file.text);
  const removed = file.entries.flatMap(({ name, row }) => (names.has(name) ? [row] : []));
  const ends = [0, ...removed.map(({ end }) => end)];
  const starts = [...removed.map(({ start }) => start), bytes.length];
  const kept = ends.map((end, index) => bytes.toString("utf8", end, starts[index]));
  return rosterFrom(kept.join(""), file.encoding, source);
};

/** Writes an edited roster in the encoding of its file. Throws a UserError (usage); then the file is as it was. */
export const writeRoster = async ({ text, encoding }: RosterFile, path: string): Promise<void> => {
  const bytes = encode(text, encoding);
  if (bytes === undefined)
    throw usageError(
      `${path} is in the encoding Windows-1252, which lacks a letter of the new name`,
      "save the file as UTF-8, then repeat the command",
    );
  await replaceFile(path, bytes);
};

const cellsOf = (
  { user, shown: name = "", groups }: NewPerson,
  { table: { header }, columns, entries }: RosterFile,
): string[] => {
  if (columns.isAddress && !/^[^@\s]+@[^@\s]+$/.test(user))
    throw usageError(
      `the user names of this roster are made of e-mail addresses, and ${shown(user)} is none`,
      "type an address, such as: swarmhub roster add ada@example.org",
    );
  const spelled = spell(columns.isAddress ? user.replace(/@[^@]*$/, "") : user);
  const refusal = spelled === "" ? "is empty" : refusalOf(spelled);
  if (refusal !== undefined) throw usageError(`${shown(user)}: the user name ${refusal}`);
  const same = entries.find((entry) => entry.name === spelled);
  if (same !== undefined)
    throw usageError(`${spelled} is on the roster already, on line ${same.row.line}`);
  if (groups.length > 0 && columns.group === undefined)
    throw usageError(
      "the roster has no column for groups",
      "add the person without --group, and to login.groups of swarmhub.yaml",
    );
  if (name !== "" && columns.shown.length === 0)
    throw usageError("the roster has no column for the name of a person", "leave out --name");
  const cells = header.cells.map(() => "");
  const parts = nameParts(name, columns.shown.length);
  for (const [index, at] of columns.shown.entries()) cells[at] = parts[index] ?? "";
  if (columns.group !== undefined) cells[columns.group] = groups.join(", ");
  cells[columns.user] = user;
  const formula = cells.find((cell) => isFormula(cell) || /\p{Cc}/u.test(cell));
  if (formula !== undefined)
    throw usageError(`${shown(formula)} is no text for a CSV file: a spreadsheet may calculate it`);
  return cells;
};

/** A name in one cell, or the last word apart, where the file has a column for each. */
const nameParts = (name: string, columns: number): string[] => {
  const at = name.lastIndexOf(" ");
  return columns < 2 || at < 0 ? [name] : [name.slice(0, at), name.slice(at + 1)];
};

const cellText = (cell: string, separator: string, isQuoted: boolean): string =>
  isQuoted || cell.includes(separator) || /["\r\n]/.test(cell)
    ? `"${cell.replaceAll('"', '""')}"`
    : cell;
