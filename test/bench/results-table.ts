import { type Figure, cellsOf } from "./figure.js";

/** When a benchmark started, with which commit, the cores of the machine, and its load average over the minute before. */
export type Conditions = { at: Date; commit: string; cores: number; load: number };

/**
 * The text of docs/performance.md in which the rows of one benchmark are those of one run. A ratio never compares two runs, because a
 * figure has both times and the rows of an earlier run of this benchmark go. Throws if the text has no table of results.
 */
export const withResults = (
  text: string,
  benchmark: string,
  figures: readonly Figure[],
  { at, commit, cores, load }: Conditions,
): string => {
  const when = at.toISOString().slice(0, 16).replace("T", " ");
  const fresh = figures.map((figure) =>
    row([...cellsOf(figure), when, commit, `${cores} cores, load ${load.toFixed(1)} at the start`]),
  );
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith("| | measurement | swarmhub |")) + 2;
  if (start === 1) throw new Error("docs/performance.md has no table of results");
  const length = lines.slice(start).findIndex((line) => !line.startsWith("|"));
  const end = length < 0 ? lines.length : start + length;
  const others = lines.slice(start, end).filter((line) => benchmarkOf(line) !== benchmark);
  const rows = [...others, ...fresh].toSorted((one, other) =>
    benchmarkOf(one).localeCompare(benchmarkOf(other), "en"),
  );
  return [...lines.slice(0, start), ...rows, ...lines.slice(end)].join("\n");
};

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;

const benchmarkOf = (line: string): string => line.split("|")[1]?.trim() ?? "";
