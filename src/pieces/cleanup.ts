import type { Cluster } from "../cluster/cluster.js";
import { ifExists } from "../docker/client.js";
import { UserError } from "../errors.js";
import { inspectUserImages } from "../images/built.js";
import { type OwnImageState, inspectOwn, oldReferences } from "../images/own.js";
import type { Pulled } from "../images/pulled.js";
import type { Piece, Step } from "../reconcile/piece.js";
import {
  type OldBuild,
  inspectOldBuilds,
  inspectPulled,
  oldBuildSteps,
  pulledSteps,
} from "./cleanup/images.js";
import { quota } from "./quota.js";
import { type Servers, inspectServers, removeServersSteps } from "./shared/user-servers.js";
import { storage } from "./storage.js";

type State = { own: OwnImageState[]; kept: PersistentState; pulled: Pulled[]; built: OldBuild[] };

/**
 * What nothing runs on any more, hence last: the images of an earlier swarmhub and those that users had before, and the
 * way to kept homes where they became temporary.
 */
export const cleanup: Piece<State> = {
  name: "cleanup",
  inspect: async (cluster) => {
    const userImages = await inspectUserImages(cluster);
    // Where a folder cannot be read nobody knows which of its images is old.
    const isKnown = userImages.every(({ built }) => !(built?.from instanceof UserError));
    const [own, kept, pulled, built] = await Promise.all([
      inspectOwn(cluster),
      inspectPersistent(cluster),
      isKnown ? inspectPulled(cluster, userImages) : [],
      isKnown ? inspectOldBuilds(cluster, userImages) : [],
    ]);
    return { own, kept, pulled, built };
  },
  plan: (want, { own, kept, pulled, built }, cluster) => [
    ...releaseHomesSteps(kept, cluster),
    ...own.flatMap((images) => imageSteps(want.name, images)),
    ...pulledSteps(pulled),
    ...oldBuildSteps(built, cluster),
  ],
  remove: () => [],
};

const imageSteps = (className: string, images: OwnImageState): Step[] => {
  const { host } = images;
  const old = oldReferences(images);
  if (old.length === 0) return [];
  return [
    {
      host,
      title: old.length === 1 ? "remove an old image" : `remove ${old.length} old images`,
      detail: old.join(", "),
      run: async () => {
        for (const each of old) await ifExists(host.docker.getImage(each).remove({ force: true }));
        // What ended containers still stood on lost only its name just now.
        const label = [`swarmhub.class=${className}`];
        await host.docker.pruneImages({ filters: { dangling: ["true"], label } });
      },
    },
  ];
};

type StateOf<Part extends { inspect: (cluster: Cluster) => Promise<unknown> }> = Awaited<
  ReturnType<Part["inspect"]>
>;

/** What a class with kept homes has on its manager; undefined where that is wanted. */
export type PersistentState =
  | { servers: Servers; storage: StateOf<typeof storage>; quota: StateOf<typeof quota> }
  | undefined;

/** Looks for it where the configuration now says that homes are temporary. */
const inspectPersistent = async (cluster: Cluster): Promise<PersistentState> => {
  if (cluster.storage !== undefined) return undefined;
  const [servers, disk, watcher] = await Promise.all([
    inspectServers(cluster),
    storage.inspect(cluster),
    quota.inspect(cluster),
  ]);
  return { servers, storage: disk, quota: watcher };
};

/** The steps that let go of the homes, which stay on their disk; the servers that still use them stop first. */
export const releaseHomesSteps = (kept: PersistentState, cluster: Cluster): Step[] => {
  if (kept === undefined) return [];
  const steps = [...quota.remove(kept.quota, cluster), ...storage.remove(kept.storage, cluster)];
  return steps.length === 0 ? [] : [...removeServersSteps(users(kept.servers), cluster), ...steps];
};

// Not the hub's own mount: its earlier containers, which Swarm keeps for a while, hold on to that.
const users = ({ services, volumes }: Servers): Servers => ({
  services,
  volumes: new Map(
    [...volumes].map(([host, names]) => [
      host,
      names.filter((name) => name.startsWith("swarmhub-home-")),
    ]),
  ),
});
