import { CsvError, parse } from "csv-parse/sync";
import type { Complaint } from "../config/yaml/complaints.js";

/** A row of a CSV file: its cells, its first line (from 1), and where its text is, in bytes of UTF-8. */
export type Row = { cells: string[]; line: number; start: number; end: number };

/** A CSV file in parts. `header` is its first row that is not blank. */
export type Table = { separator: string; header: Row; rows: Row[] };

/** The most characters of one row; without it a missing quotation mark would take the rest of the file as one cell. */
const longestRow = 100_000;

/** The most rows that are read, blank ones too: eight million of them would need eight GB of memory. */
const mostRows = 20_000;

/** Reads the text of a CSV file; blank rows are left out. What is wrong with its form is a complaint. */
export const tableIn = (text: string): Table | Complaint => {
  const separator = separatorOf(text);
  try {
    const all = rowsIn(text, separator);
    if (all.length > mostRows)
      return { line: 1, column: 1, text: `the file has more than ${mostRows} rows` };
    const [header, ...rows] = all.filter(
      ({ cells }, index) => !isBlank(cells) && !(index === 0 && isSeparatorLine(cells)),
    );
    if (header !== undefined) return { separator, header, rows };
    return { line: 1, column: 1, text: "the file is empty; save the list of the class into it" };
  } catch (error) {
    if (error instanceof CsvError) return formComplaint(error);
    throw error;
  }
};

/** ILIAS and Excel write a first line `sep=;`. It is read with that separator, so it is in two cells. */
const isSeparatorLine = ([first = "", ...others]: readonly string[]): boolean =>
  /^sep=.?$/i.test(first) && others.every((cell) => cell === "");

const isBlank = (cells: readonly string[]): boolean => cells.every((cell) => cell.trim() === "");

const rowsIn = (text: string, separator: string): Row[] => {
  const records = parse(Buffer.from(text), {
    delimiter: separator,
    info: true,
    raw: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: longestRow,
    to: mostRows + 1,
  }) as unknown as readonly { record: string[]; info: { bytes: number } }[];
  const ends = records.map(({ info }) => info.bytes);
  const bytes = Buffer.from(text);
  let line = 1;
  return records.map(({ record }, index) => {
    const start = ends[index - 1] ?? 0;
    // The parser reports \r\n as two: the end of a row is behind both.
    const end = endOfLine(bytes, ends[index] ?? start);
    const row = { cells: record, line, start: endOfLine(bytes, start), end };
    line += linesIn(bytes.toString("utf8", row.start, end));
    return row;
  });
};

const endOfLine = (bytes: Buffer, at: number): number =>
  bytes[at - 1] === 0x0d && bytes[at] === 0x0a ? at + 1 : at;

const linesIn = (text: string): number => text.match(/\r\n|\n|\r/g)?.length ?? 0;

/** The separator with most columns in the first line that is not blank, outside of quotes; Moodle also offers the colon. */
const separatorOf = (text: string): string => {
  const [, named] = /^sep=([,;\t|:])\s*$/im.exec(text.slice(0, 10)) ?? [];
  if (named !== undefined) return named;
  const first = /[^\s][^\r\n]{0,10000}/.exec(text)?.[0] ?? "";
  const plain = first.replaceAll(/"(?:[^"]|"")*"/g, "");
  const counts = [",", ";", "\t", ":"].map((each) => ({ each, count: plain.split(each).length }));
  return counts.reduce((best, one) => (one.count > best.count ? one : best)).each;
};

const formComplaint = (error: CsvError): Complaint => {
  const line = Number((error as { lines?: unknown }).lines ?? 1);
  const place = { line, column: 1 };
  if (error.code === "CSV_QUOTE_NOT_CLOSED")
    return { ...place, text: 'a quotation mark (") opens a cell here or above and is not closed' };
  if (error.code === "CSV_MAX_RECORD_SIZE")
    return {
      ...place,
      text: `a row has more than ${longestRow} characters; a quotation mark (") may not be closed`,
    };
  return { ...place, text: `this is not a CSV file (${error.message})` };
};
