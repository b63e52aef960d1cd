import type { Cluster } from "./cluster.js";
import type { Piece } from "./piece.js";
import type { Report } from "./report/event.js";

/** What is wrong with a piece that no step can mend, in sentences; looks at what is remembered of the hosts. */
export const problemsOf = async (piece: Piece, cluster: Cluster): Promise<string[]> =>
  piece.problems === undefined ? [] : piece.problems(await piece.inspect(cluster), cluster);

/** Says of all pieces what is wrong with them and no step can mend, as warnings. */
export const warnOfProblems = async (
  pieces: readonly Piece[],
  cluster: Cluster,
  report: Report,
): Promise<void> => {
  for (const piece of pieces)
    for (const text of await problemsOf(piece, cluster)) report.event({ type: "warning", text });
};
