import { type NamedHome, ownerName } from "../../homes/select.js";
import { tableText } from "../../report/table.js";
import type { View } from "../../report/frame.js";
import { formatSize, plural, printable } from "../../text/format.js";
import type { HandoutRow } from "./in-hub.js";

type Counts = Extract<HandoutRow, { counts: object }>["counts"];
type What = keyof Counts;

/** The columns: what happened to files in a home, and the numbers that count as it. */
const columns: readonly [title: string, whats: readonly What[]][] = [
  ["NEW", ["place"]],
  ["REPLACED", ["replace"]],
  ["BESIDE", ["beside"]],
  ["TAKEN", ["take"]],
  ["AS BEFORE", ["same", "offered"]],
  ["LEFT", ["removed", "blocked", "kept"]],
];

/** The table of all homes, sorted by their owners; columns without a number are left out. */
export const handoutTable = (
  rows: readonly HandoutRow[],
  homes: readonly NamedHome[],
  screen: View | undefined,
): string => {
  const owners = new Map(homes.map((home) => [home.name, ownerName(home)]));
  const ownerOf = ({ home }: HandoutRow): string => owners.get(home) ?? home;
  const shown = columns.filter(([, whats]) => rows.some((row) => countOf(row, whats) > 0));
  const lines = rows
    .toSorted((one, other) => (ownerOf(one) < ownerOf(other) ? -1 : 1))
    .map((row) => [
      ownerOf(row),
      ...shown.map(([, whats]) => ("problem" in row ? "-" : String(countOf(row, whats)))),
      noteOf(row),
    ]);
  const header = ["USER", ...shown.map(([title]) => title), "NOTE"];
  return tableText([header, ...lines], { right: shown.map((_each, at) => at + 1), screen });
};

const countOf = (row: HandoutRow, whats: readonly What[]): number =>
  "problem" in row ? 0 : whats.reduce((sum, what) => sum + (row.counts[what] ?? 0), 0);

/** The remarks on one home, on one line. */
const noteOf = (row: HandoutRow): string => {
  if ("problem" in row) return problemText(row);
  const texts = row.files.map(({ path, what, why }) => {
    if (what === "removed") return `${path} was removed by the user`;
    if (what === "blocked") return `${path}: something else has the name of its folder`;
    if (why === "open") return `${path} is open`;
    return `${path} was changed`;
  });
  const beside = row.beside.length === 0 ? [] : [`new beside it: ${row.beside[0]}`];
  const more = texts.length > 1 ? [`and ${plural(texts.length - 1, "file")} more`] : [];
  return printable([...texts.slice(0, 1), ...beside, ...more].join("; "));
};

/** Why a home did not get its files. */
export const problemText = (row: Extract<HandoutRow, { problem: string }>): string => {
  if (row.problem === "no room") return roomText(row);
  const texts = {
    "no limit": "has no quota yet: gets the files when the server starts",
    "no home": "the home is gone",
    busy: "another command changes this home",
    failed: `failed: ${printable(row.why ?? "unknown")}`,
  };
  return texts[row.problem];
};

const roomText = ({ needs, has }: Extract<HandoutRow, { problem: string }>): string => {
  if (needs === undefined || has === undefined) return "no room";
  return needs[0] > has[0]
    ? `no room: needs ${formatSize(needs[0])}, has ${formatSize(has[0])}`
    : `no room: needs ${plural(needs[1], "file")}, has ${has[1]}`;
};
