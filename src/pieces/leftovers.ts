import { absent } from "../docker.js";
import type { Piece } from "../piece.js";
import type { Step } from "../step.js";
import { inspectOwn, oldReferences, type OwnImages } from "./images/own.js";
import { inspectKept, keptSteps, type Kept } from "./leftovers/kept.js";
import { inspectPulled, pulledSteps, type Pulled } from "./leftovers/pulled.js";

type State = { own: OwnImages[]; kept: Kept; pulled: Pulled[] };

/**
 * What nothing runs on any more, hence last: the images of an earlier swarmhub and those that users had before, and the
 * way to kept homes where they became temporary.
 */
export const leftovers: Piece<State> = {
  name: "leftovers",
  inspect: async (cluster) => {
    const [own, kept, pulled] = await Promise.all([
      inspectOwn(cluster),
      inspectKept(cluster),
      inspectPulled(cluster),
    ]);
    return { own, kept, pulled };
  },
  plan: (want, { own, kept, pulled }, cluster) => [
    ...keptSteps(kept, cluster),
    ...own.flatMap((images) => imageSteps(want.name, images)),
    ...pulledSteps(pulled),
  ],
  remove: () => [],
};

const imageSteps = (className: string, images: OwnImages): Step[] => {
  const { host } = images;
  const old = oldReferences(images);
  if (old.length === 0) return [];
  return [
    {
      host,
      title: old.length === 1 ? "remove an old image" : `remove ${old.length} old images`,
      detail: old.join(", "),
      run: async () => {
        for (const each of old) await absent(host.docker.getImage(each).remove({ force: true }));
        // What ended containers still stood on lost only its name just now.
        const label = [`swarmhub.class=${className}`];
        await host.docker.pruneImages({ filters: { dangling: ["true"], label } });
      },
    },
  ];
};
