import { absent } from "../docker.js";
import type { Piece } from "../piece.js";
import { inspectOwn, oldReferences, type OwnImages } from "./images/own.js";

/** What an earlier swarmhub left: its images, each some hundred megabytes. Last, when nothing runs on them any more. */
export const leftovers: Piece<OwnImages[]> = {
  name: "leftovers",
  inspect: (cluster) => inspectOwn(cluster),
  plan: (want, own) =>
    own.flatMap((images) => {
      const { host } = images;
      const old = oldReferences(images);
      if (old.length === 0) return [];
      return [
        {
          host,
          title: old.length === 1 ? "remove an old image" : `remove ${old.length} old images`,
          detail: old.join(", "),
          run: async () => {
            for (const each of old)
              await absent(host.docker.getImage(each).remove({ force: true }));
            // What ended containers still stood on lost only its name just now.
            const label = [`swarmhub.class=${want.name}`];
            await host.docker.pruneImages({ filters: { dangling: ["true"], label } });
          },
        },
      ];
    }),
  remove: () => [],
};
