import type { View } from "../../report/frame.js";
import { tableText } from "../../report/table.js";
import { formatSize, momentText, plural, printable } from "../../text/format.js";
import type { Placed } from "./folder.js";
import type { CollectRow } from "./result.js";

/** A line of the table: a student, and what was found; without a row they have no home. */
export type CollectLine = { user: string; row: CollectRow | undefined; placed: Placed | undefined };

/** The table, sorted by users. */
export const collectTable = (lines: readonly CollectLine[], screen: View | undefined): string =>
  tableText(
    [
      ["USER", "STATE", "LAST CHANGE", "SIZE", "COPY", "NOTE"],
      ...lines
        .toSorted((one, other) => (one.user < other.user ? -1 : 1))
        .map(({ user, row, placed }) => [
          user,
          row?.what ?? "missing",
          row?.what === "changed" ? momentText(new Date(row.changedAt * 1000)) : "-",
          row?.what === "changed" ? formatSize(row.size) : "-",
          placed ?? "-",
          row === undefined ? "has never started a server" : noteOf(row),
        ]),
    ],
    { right: [3], screen },
  );

const noteOf = ({ why, leftOut, tooLarge }: CollectRow): string =>
  [
    ...(why === "" ? [] : [printable(why)]),
    ...(tooLarge > 0 ? [`without ${plural(tooLarge, "file")} above the limit`] : []),
    ...(leftOut > 0 ? [`without ${plural(leftOut, "link, pipe or unusable name")}`] : []),
  ].join("; ");

/** "12 changed (3 new, 1 updated), 4 untouched, 1 missing". */
export const summaryOf = (lines: readonly CollectLine[]): string => {
  const count = (state: CollectRow["what"]): number =>
    lines.filter(({ row }) => (row?.what ?? "missing") === state).length;
  const copies = (["new", "updated", "as before"] as const).flatMap((placed) => {
    const number = lines.filter((line) => line.placed === placed).length;
    return number > 0 ? [`${number} ${placed}`] : [];
  });
  const detail = copies.length > 0 ? ` (${copies.join(", ")})` : "";
  const others = (["untouched", "missing", "too large", "unreadable"] as const).flatMap((state) =>
    count(state) > 0 ? [`${count(state)} ${state}`] : [],
  );
  return [`${count("changed")} changed${detail}`, ...others].join(", ");
};
