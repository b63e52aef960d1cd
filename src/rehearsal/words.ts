import { listed } from "../text/format.js";

/** "1 person", "40 people". */
export const peopleText = (count: number): string =>
  `${count} ${count === 1 ? "person" : "people"}`;

const mostCells = 5;

/** "cell 12", "cells 3 and 12"; only the first five are named. */
export const cellsText = (cells: readonly number[]): string => {
  const shown = cells.slice(0, mostCells).map(String);
  const others = cells.length > mostCells ? ["others"] : [];
  return `${cells.length === 1 ? "cell" : "cells"} ${listed([...shown, ...others])}`;
};
