import { columns } from "../text/width.js";
import type { View } from "./frame.js";
import { type Span, paint } from "./paint.js";

/** A printable cell; a list of spans where its parts look different. */
export type Cell = string | readonly Span[];

/** Rows as aligned columns; those in `right` are right-aligned. The last column is not padded. */
export const tableText = (
  rows: readonly (readonly Cell[])[],
  { right = [], screen }: { right?: readonly number[]; screen?: View | undefined } = {},
): string => {
  const cells = rows.map((row) => row.map(spansOf));
  const widths: number[] = [];
  for (const row of cells)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
  const lines = cells.map((row) =>
    row.flatMap((cell, at): Span[] => {
      const room = " ".repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)));
      const gap = at === 0 ? "" : "  ";
      return right.includes(at) ? [[gap + room], ...cell] : [[gap], ...cell, [room]];
    }),
  );
  // A terminal would wrap a long line, so it is cut; a file gets all of it.
  const width = screen?.width ?? Number.POSITIVE_INFINITY;
  return lines.map((line) => paint(line, width, screen?.colour ?? false)).join("\n");
};

const spansOf = (cell: Cell): readonly Span[] => (typeof cell === "string" ? [[cell]] : cell);

const widthOf = (cell: readonly Span[]): number =>
  cell.reduce((sum, [text]) => sum + columns(text), 0);
