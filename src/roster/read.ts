import { open } from "node:fs/promises";
import type { RosterSource } from "../config/types.js";
import { complaintsError } from "../config/yaml/complaints.js";
import { readUpTo } from "../config/yaml/read-file.js";
import { UserError, exitCode } from "../errors.js";
import { type Columns, columnsOf } from "./columns.js";
import { type Encoding, decode } from "./encoding.js";
import { type Entry, entriesOf } from "./entries.js";
import { type Table, tableIn } from "./table.js";

/** A roster as its file has it. */
export type RosterFile = {
  /** The file without a byte order mark. */
  text: string;
  encoding: Encoding;
  table: Table;
  columns: Columns;
  entries: Entry[];
};

/** Bytes; 5000 people with all columns of a gradebook have some 2 MB. */
const maximum = 8 * 2 ** 20;

/** Reads a roster. Throws a UserError (usage) with all complaints, each with its line and the number of its column. */
export const readRoster = async (source: RosterSource): Promise<RosterFile> => {
  const bytes = await readBytes(source.file);
  const problem = problemOf(bytes);
  if (problem !== undefined)
    throw complaintsError(source.file, [{ line: 1, column: 1, text: problem }]);
  const { text, encoding } = decode(bytes);
  return rosterFrom(text, encoding, source);
};

/** Reads the text of a roster, which is or will be in the file. */
export const rosterFrom = (text: string, encoding: Encoding, source: RosterSource): RosterFile => {
  const { file } = source;
  const table = tableIn(text);
  if ("line" in table) throw complaintsError(file, [table]);
  const columns = columnsOf(table.header, source, { file, line: table.header.line, column: 1 });
  const { entries, complaints } = entriesOf(table, columns);
  if (complaints.length > 0) throw complaintsError(file, complaints);
  return { text, encoding, table, columns, entries };
};

/** Why these bytes cannot be a roster. */
const problemOf = (bytes: Buffer): string | undefined => {
  if (bytes.length > maximum)
    return `the file is larger than ${maximum / 2 ** 20} MB, but a roster has a line for each person; is it the right file?`;
  if (bytes.toString("latin1", 0, 4) === "PK\u0003\u0004")
    return "this is a file of a spreadsheet program; save the table as CSV, and name that file";
  const isUtf16 = ["fffe", "feff"].includes(bytes.toString("hex", 0, 2));
  if (!isUtf16 && bytes.includes(0)) return "this is not a text; save the table as CSV in UTF-8";
  return undefined;
};

const readBytes = async (file: string): Promise<Buffer> => {
  try {
    const handle = await open(file, "r");
    try {
      return await readUpTo(maximum + 1, handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(file, (error as NodeJS.ErrnoException).code ?? String(error));
  }
};

const unreadable = (file: string, code: string): UserError => {
  const problems: Record<string, string> = {
    ENOENT: "there is no such file",
    EISDIR: "it is a folder",
    EACCES: "permission denied",
  };
  return new UserError(`the roster ${file} cannot be read: ${problems[code] ?? code}`, {
    hint: "save the list of the class as CSV there, or correct login.roster in swarmhub.yaml",
    code: exitCode.usage,
  });
};
