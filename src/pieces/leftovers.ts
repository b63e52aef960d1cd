import { absent } from "../docker.js";
import { UserError } from "../errors.js";
import type { Piece } from "../piece.js";
import type { Step } from "../step.js";
import { inspectNotebooks } from "./images/notebooks.js";
import { inspectOwn, oldReferences, type OwnImages } from "./images/own.js";
import type { Pulled } from "./images/pulled.js";
import { inspectOldBuilds, oldBuildSteps, type OldBuild } from "./leftovers/built.js";
import { inspectKept, keptSteps, type Kept } from "./leftovers/kept.js";
import { inspectPulled, pulledSteps } from "./leftovers/pulled.js";

type State = { own: OwnImages[]; kept: Kept; pulled: Pulled[]; built: OldBuild[] };

/**
 * What nothing runs on any more, hence last: the images of an earlier swarmhub and those that users had before, and the
 * way to kept homes where they became temporary.
 */
export const leftovers: Piece<State> = {
  name: "leftovers",
  inspect: async (cluster) => {
    const notebooks = await inspectNotebooks(cluster);
    // Where a folder cannot be read nobody knows which of its images is old.
    const isKnown = notebooks.every(({ built }) => !(built?.from instanceof UserError));
    const [own, kept, pulled, built] = await Promise.all([
      inspectOwn(cluster),
      inspectKept(cluster),
      isKnown ? inspectPulled(cluster, notebooks) : [],
      isKnown ? inspectOldBuilds(cluster, notebooks) : [],
    ]);
    return { own, kept, pulled, built };
  },
  plan: (want, { own, kept, pulled, built }, cluster) => [
    ...keptSteps(kept, cluster),
    ...own.flatMap((images) => imageSteps(want.name, images)),
    ...pulledSteps(pulled),
    ...oldBuildSteps(built, cluster),
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
