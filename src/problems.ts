import type { Cluster } from "./cluster.js";
import type { Piece } from "./piece.js";

/** What is wrong with a piece that no step can mend, in sentences; looks at what is remembered of the hosts. */
export const problemsOf = async (piece: Piece, cluster: Cluster): Promise<string[]> =>
  piece.problems === undefined ? [] : piece.problems(await piece.inspect(cluster), cluster);
