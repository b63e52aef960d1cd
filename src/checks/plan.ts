import { pieces } from "../pieces/index.js";
import type { Piece } from "../reconcile/piece.js";
import { planAll } from "../reconcile/plan.js";
import { type Check, type CheckContext, type Finding, refusalFrom } from "./check.js";

/** What the pieces themselves refuse when they plan: a disk that is not blank, another Swarm, an unsupported system. */
export const planOf = (all: readonly Piece[]): Check => ({
  name: "plan",
  run: async (context) =>
    (await Promise.all(all.map((piece) => findingsOf(piece, context)))).flat(),
});

/** The check of the pieces that the system is made of. */
export const plan: Check = planOf(pieces);

// One by one, since a survey of all stops at what the first refuses.
const findingsOf = async (piece: Piece, { cluster }: CheckContext): Promise<Finding[]> => {
  try {
    const planned = await planAll([piece], cluster);
    return planned.flatMap(({ steps }) =>
      steps.flatMap(({ host, title, destroys }): Finding[] =>
        destroys === undefined
          ? []
          : [{ host: host.name, level: "ok", text: `\`up\` will ask first, then ${title}` }],
      ),
    );
  } catch (error) {
    return [refusalFrom(error)];
  }
};
