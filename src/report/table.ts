import { columns } from "../text/width.js";
import type { View } from "./frame.js";
import { type Stretch, paint } from "./paint.js";

/** A cell, printable; a list of stretches where parts of it look different. */
export type Cell = string | readonly Stretch[];

/** Rows as lines of even columns; those of `right` end together, as numbers do. The last column is not filled up. */
export const tableText = (
  rows: readonly (readonly Cell[])[],
  { right = [], screen }: { right?: readonly number[]; screen?: View | undefined } = {},
): string => {
  const cells = rows.map((row) => row.map(stretchesOf));
  const widths: number[] = [];
  for (const row of cells)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
  const lines = cells.map((row) =>
    row.flatMap((cell, at): Stretch[] => {
      const room = " ".repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)));
      const gap = at === 0 ? "" : "  ";
      return right.includes(at) ? [[gap + room], ...cell] : [[gap], ...cell, [room]];
    }),
  );
  // A line that a terminal would wrap is cut; a file gets all of it.
  const width = screen?.width ?? Number.POSITIVE_INFINITY;
  return lines.map((line) => paint(line, width, screen?.colour ?? false)).join("\n");
};

const stretchesOf = (cell: Cell): readonly Stretch[] =>
  typeof cell === "string" ? [[cell]] : cell;

const widthOf = (cell: readonly Stretch[]): number =>
  cell.reduce((sum, [text]) => sum + columns(text), 0);
