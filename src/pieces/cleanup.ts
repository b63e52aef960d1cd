import type { Cluster } from "../cluster/cluster.js";
import { ifExists } from "../docker/client.js";
import { inspectUserImages } from "../images/built.js";
import { type OwnImageState, inspectOwn, oldReferences } from "../images/own.js";
import { type PulledImage, isUnknown } from "../images/pulled.js";
import { homeVolumePrefix, labelFilter } from "../names.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { type Network, overlayNetworks } from "../swarm/list.js";
import {
  type OldBuild,
  inspectOldBuilds,
  inspectPulled,
  oldBuildSteps,
  pulledSteps,
} from "./cleanup/images.js";
import {
  type FormerMounts,
  formerMountsSteps,
  inspectFormerMounts,
} from "./cleanup/former-mounts.js";
import { quota } from "./quota.js";
import { formerNetworkIn, removeNetworkSteps } from "./shared/networks.js";
import { type Servers, inspectServers, removeServersSteps } from "./shared/user-servers.js";
import { storage } from "./storage.js";

type State = {
  own: OwnImageState[];
  persistent: PersistentState;
  pulled: PulledImage[];
  oldBuilds: OldBuild[];
  networks: readonly Network[];
  formerMounts?: readonly FormerMounts[];
};

/**
 * Removes what is no longer used, hence last: images of earlier swarmhub versions, former images of users' servers, the network of
 * the former name, mounts of homes at a former address, and the access to persistent homes after the configuration made homes temporary.
 */
export const cleanup: Piece<State> = {
  name: "cleanup",
  inspect: async (cluster) => {
    const userImages = await inspectUserImages(cluster);
    const isKnown = !userImages.some(isUnknown);
    const own = await inspectOwn(cluster);
    const ownImages = own.flatMap(({ wanted }) => wanted);
    const [persistent, pulled, oldBuilds, networks, formerMounts] = await Promise.all([
      inspectPersistent(cluster),
      isKnown ? inspectPulled(cluster, userImages, ownImages) : [],
      isKnown ? inspectOldBuilds(cluster, userImages) : [],
      overlayNetworks(cluster),
      inspectFormerMounts(cluster),
    ]);
    return { own, persistent, pulled, oldBuilds, networks, formerMounts };
  },
  plan: (want, { own, persistent, pulled, oldBuilds, networks, formerMounts = [] }, cluster) => [
    ...releaseHomesSteps(persistent, cluster),
    ...own.flatMap((images) => imageSteps(want.name, images)),
    ...pulledSteps(pulled),
    ...oldBuildSteps(oldBuilds, cluster),
    ...removeNetworkSteps(formerNetworkIn(networks, want.name), cluster.manager),
    ...formerMountsSteps(formerMounts),
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
        // An image that ended containers still use lost only its name.
        const label = labelFilter(className);
        await host.docker.pruneImages({ filters: { dangling: ["true"], label } });
      },
    },
  ];
};

type StateOf<Part extends { inspect: (cluster: Cluster) => Promise<unknown> }> = Awaited<
  ReturnType<Part["inspect"]>
>;

/** The storage parts of a class with persistent homes; undefined if they are configured. */
type PersistentState =
  | { servers: Servers; storage: StateOf<typeof storage>; quota: StateOf<typeof quota> }
  | undefined;

/** Inspects them if the configuration says that homes are temporary. */
const inspectPersistent = async (cluster: Cluster): Promise<PersistentState> => {
  if (cluster.storage !== undefined) return undefined;
  const [servers, disk, watcher] = await Promise.all([
    inspectServers(cluster),
    storage.inspect(cluster),
    quota.inspect(cluster),
  ]);
  return { servers, storage: disk, quota: watcher };
};

/** The steps that release the homes, which stay on their disk; servers that use them are stopped first. */
const releaseHomesSteps = (persistent: PersistentState, cluster: Cluster): Step[] => {
  if (persistent === undefined) return [];
  const steps = [
    ...quota.remove(persistent.quota, cluster),
    ...storage.remove(persistent.storage, cluster),
  ];
  return steps.length === 0
    ? []
    : [
        ...removeServersSteps(userVolumes(cluster.config.name, persistent.servers), cluster),
        ...steps,
      ];
};

// Not the hub's own volume: its ended containers, which Swarm keeps for a while, still use it.
const userVolumes = (className: string, { services, volumes }: Servers): Servers => ({
  services,
  volumes: new Map(
    [...volumes].map(([host, names]) => [
      host,
      names.filter((name) => name.startsWith(homeVolumePrefix(className))),
    ]),
  ),
});
