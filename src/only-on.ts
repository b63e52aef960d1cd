import type { Host } from "./host.js";
import type { Piece } from "./piece.js";

/** The pieces as far as they are on some of the machines: `remove` takes away what they have there, and nothing is planned. */
export const onlyOn = (hosts: readonly Host[], pieces: readonly Piece[]): Piece[] =>
  pieces.map((piece) => ({
    name: piece.name,
    inspect: (cluster) => piece.inspect(cluster),
    plan: () => [],
    remove: (have, cluster) =>
      piece
        .remove(have, cluster)
        .filter(({ host }) => hosts.includes(host))
        // What they wait for may be on another machine, where it is not done.
        .map(({ after: _, ...step }) => step),
  }));
