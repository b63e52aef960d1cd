import type { Cluster } from "../../cluster.js";
import { imagesOf } from "../../config.js";
import { inspectBuilt } from "./built.js";
import { inspectNotebook, type Notebook } from "./notebook.js";

/** Looks for every image of users' servers. */
export const inspectNotebooks = (cluster: Cluster): Promise<Notebook[]> =>
  Promise.all(
    imagesOf(cluster.config).map(({ image, build }) =>
      build === undefined ? inspectNotebook(cluster, image) : inspectBuilt(cluster, build),
    ),
  );
