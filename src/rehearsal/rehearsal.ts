import type { RoundFigures } from "./figures.js";
import type { Line } from "./line.js";

/** A whole rehearsal in figures, as it is printed and remembered; `at` is a date in ISO 8601. */
export type Rehearsal = {
  version: 1;
  class: string;
  at: string;
  people: number;
  minutes: number;
  notebook: string;
  cells: number;
  /** What the rehearsal leaves out, in sentences. */
  skipped: string[];
  line: Line;
  rounds: RoundFigures[];
};
