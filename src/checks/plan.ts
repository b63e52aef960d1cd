import { pieces } from "../pieces/index.js";
import type { Piece } from "../reconcile/piece.js";
import { planAll } from "../reconcile/plan.js";
import { type Check, type CheckContext, type Finding, findingFrom } from "./check.js";

/** The pieces' own refusals when they plan: a disk that is not blank, another Swarm, an unsupported system. */
export const planCheck = (all: readonly Piece[]): Check => ({
  name: "plan",
  run: async (context) =>
    (await Promise.all(all.map((piece) => findingsOf(piece, context)))).flat(),
});

/** The check of all pieces of the system. */
export const plan: Check = planCheck(pieces);

// Each piece alone, since a plan of all stops at the first refusal.
const findingsOf = async (piece: Piece, { whole }: CheckContext): Promise<Finding[]> => {
  try {
    const planned = await planAll([piece], whole);
    return planned.flatMap(({ steps }) =>
      steps.flatMap(({ host, title, destroys }): Finding[] =>
        destroys === undefined
          ? []
          : [
              {
                host: host.name,
                level: "ok",
                text: `\`up\` will ask for confirmation, then ${title}`,
              },
            ],
      ),
    );
  } catch (error) {
    return [findingFrom(error)];
  }
};
