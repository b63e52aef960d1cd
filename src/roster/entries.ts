import type { Person } from "../config/types.js";
import type { Complaint } from "../config/yaml/complaints.js";
import { shown } from "../errors.js";
import { printable } from "../text/format.js";
import type { Columns } from "./columns.js";
import { groupNames } from "./groups.js";
import { refusalOf, spell } from "./spell.js";
import type { Row, Table } from "./table.js";

/** Somebody in the file: `typed` is the cell that the user name was made of. */
export type Entry = Person & { typed: string; row: Row };

/** The most people of a roster: the hash of each first password takes 60 ms of a core. */
const mostPeople = 5000;

const longestShown = 200;
const mostGroups = 20;

/** Everybody in the file, and all that is wrong with it, by line and number of the column. */
export const entriesOf = (
  table: Table,
  columns: Columns,
): { entries: Entry[]; complaints: Complaint[] } => {
  const rows = table.rows.filter((row) => !isNobody(table.header, row));
  if (rows.length === 0) return { entries: [], complaints: [complaint(table.header, 0, nobody)] };
  if (rows.length > mostPeople) {
    const text = `the file has ${rows.length} people; a class can have ${mostPeople}`;
    return { entries: [], complaints: [complaint(table.header, 0, text)] };
  }
  const entries = rows.map((row) => entryOf(row, columns));
  const header = (index: number): string => shown((table.header.cells[index] ?? "").trim());
  const earlier = new Map<string, Entry>();
  const complaints = entries.flatMap((entry) => {
    const found = complaintsAbout(entry, earlier.get(entry.name), columns, header);
    if (!earlier.has(entry.name)) earlier.set(entry.name, entry);
    return found;
  });
  return { entries, complaints };
};

const nobody = "the file has a header and no people; add a line for each person";

/** Canvas has rows with the points of each task, and of a test student; a grade sheet has rows without a person. */
const isNobody = ({ cells: header }: Row, { cells }: Row): boolean => {
  const student = header.findIndex((cell) => cell.trim() === "Student");
  const isCanvas = student >= 0 && header.some((cell) => cell.trim() === "SIS Login ID");
  if (!isCanvas) return false;
  const login = header.findIndex((cell) => cell.trim() === "SIS Login ID");
  const name = (cells[student] ?? "").trim();
  return (
    name === "Points Possible" ||
    name === "Student, Test" ||
    name + (cells[login] ?? "").trim() === ""
  );
};

const entryOf = (row: Row, columns: Columns): Entry => {
  const cell = (index: number): string => row.cells[index] ?? "";
  const typed = cell(columns.user);
  const name = spell(columns.isAddress ? typed.replace(/@[^@]*$/, "") : typed);
  const parts = columns.shown.map((index) => printable(cell(index))).filter((part) => part !== "");
  return {
    name,
    shown: parts.join(" ") || printable(name),
    groups: columns.group === undefined ? [] : groupNames(cell(columns.group)),
    typed,
    row,
  };
};

const complaintsAbout = (
  entry: Entry,
  earlier: Entry | undefined,
  columns: Columns,
  header: (index: number) => string,
): Complaint[] => {
  const { name, typed, row } = entry;
  const about = (index: number, text: string): Complaint => complaint(row, index, text);
  const column = header(columns.user);
  const user = (text: string): Complaint => about(columns.user, `${column} ${text}`);
  const refusal = refusalOf(name);
  const tooLong = columns.shown.filter(
    (at) => Array.from(row.cells[at] ?? "").length > longestShown,
  );
  return [
    ...(name === "" ? [user("is empty; write a user name, or delete the line")] : []),
    ...(columns.isAddress && name !== "" && !/^[^@\s]+@[^@\s]+$/.test(typed.trim())
      ? [user(`is ${shown(typed)}, which is not an e-mail address`)]
      : []),
    ...(refusal === undefined ? [] : [user(`is ${shown(typed)}: the user name ${refusal}`)]),
    ...(earlier === undefined || name === "" ? [] : [user(sameName(entry, earlier))]),
    ...tooLong.map((at) => about(at, `${header(at)} has more than ${longestShown} characters`)),
    ...groupComplaints(entry, columns).map(([at, text]) => about(at, `${header(at)} ${text}`)),
  ];
};

const groupComplaints = (
  { groups, row: { cells } }: Entry,
  { group }: Columns,
): [index: number, text: string][] => {
  if (group === undefined) return [];
  const cell = cells[group] ?? "";
  if (groups.length > mostGroups) return [[group, `has more than ${mostGroups} groups`]];
  if (groups.length > 0 || cell.trim() === "") return [];
  return [[group, `is ${shown(cell)}: the name of a group needs a letter of a-z or a digit`]];
};

const sameName = ({ typed, name }: Entry, { typed: other, row: { line } }: Entry): string =>
  typed === other
    ? `is ${shown(typed)}, as on line ${line}; delete one of the two`
    : `is ${shown(typed)}, and line ${line} has ${shown(other)}: both become the user name ${shown(name)}; give one of them another name`;

const complaint = ({ line }: Row, index: number, text: string): Complaint => ({
  line,
  column: index + 1,
  text,
});
