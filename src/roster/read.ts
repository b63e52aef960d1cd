import { open } from "node:fs/promises";
import type { RosterSource } from "../config/types.js";
import { type Complaint, complaintsError } from "../config/yaml/complaints.js";
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
  const { file } = source;
  const { text, encoding } = decode(await readBytes(file));
  const table = tableIn(text);
  if ("line" in table) throw complaintsError(file, [table]);
  const columns = columnsOf(table.header, source, { file, line: table.header.line, column: 1 });
  const { entries, complaints } = entriesOf(table, columns);
  if (complaints.length > 0) throw complaintsError(file, complaints);
  return { text, encoding, table, columns, entries };
};

/** One complaint about the whole file. */
export const fileComplaint = (text: string): Complaint => ({ line: 1, column: 1, text });

const readBytes = async (file: string): Promise<Buffer> => {
  try {
    const handle = await open(file, "r");
    try {
      const { size } = await handle.stat();
      if (size > maximum) throw complaintsError(file, [fileComplaint(tooLarge)]);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw unreadable(file, (error as NodeJS.ErrnoException).code ?? String(error));
  }
};

const tooLarge = `the file is larger than ${maximum / 2 ** 20} MB, but a roster has a line for each person; is it the right file?`;

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
