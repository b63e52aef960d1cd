import { fullDiskHint } from "../cluster/disks.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import type { Cluster } from "../cluster/cluster.js";
import { ifExists } from "../docker/client.js";
import { UserError, exitCode } from "../errors.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { buildProxy } from "../images/build-proxy.js";
import { buildSteps, inspectUserImages } from "../images/built.js";
import { type OwnImageState, inspectOwn, inspectOtherImages } from "../images/own.js";
import {
  type UserImage,
  type PulledImage,
  commonName,
  listPulled,
  pullUserImage,
  removePulled,
} from "../images/pulled.js";
import { buildOwnImage, obtainImage, releaseReference } from "../images/release.js";
import type { OwnImage } from "../operator/own-images.js";
import { loginFor } from "../operator/registry-logins.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { paths } from "../paths.js";
import { formatSize } from "../text/format.js";
import type { Progress } from "../wait.js";
import { removeFolderSteps } from "./shared/files.js";

type State = {
  machines: Machines;
  own: OwnImageState[];
  userImages: UserImage[];
  /** On every machine, since a node that takes no users now may have taken some before, and our own images may be pulled. */
  pulled: PulledImage[];
  /** Our other images by machine, from `inspectOtherImages`. */
  otherImages: ReadonlyMap<Host, string[]>;
};

/** Builds our own images on the machine that runs them, and pulls the images of users' servers to every machine that takes users. */
export const images: Piece<State> = {
  name: "images",
  // Builds and pulls take long, so they run while the Swarm is set up.
  startsAfter: "engine",
  inspect: async (cluster) => {
    const [machines, own, userImages, pulled, otherImages] = await Promise.all([
      inspectMachines(cluster),
      inspectOwn(cluster),
      inspectUserImages(cluster),
      listPulled(cluster.hosts),
      inspectOtherImages(cluster),
    ]);
    return { machines, own, userImages, pulled, otherImages };
  },
  plan: (want, { machines, own, userImages }, cluster) => [
    ...own.flatMap((each) => each.missing.map((image) => ownImageStep(cluster, each.host, image))),
    ...userImages.flatMap((userImage) => buildSteps(userImage, cluster)),
    ...cluster.seatHosts.flatMap((host) => {
      const missing = userImages.filter(({ isOn }) => !isOn(host));
      refuseFullDisk(host, machines(host).facts, missing);
      // Built images come through the registry, which is a later piece.
      const pullable = missing.filter(({ built }) => built === undefined);
      return pullable.map(({ wanted, image }) => ({
        host,
        title: `pull ${wanted}`,
        run: async (progress: Progress) =>
          pullUserImage(host, wanted, image, progress, await loginFor(want, image)),
      }));
    }),
  ],
  remove: ({ machines, own, pulled, otherImages }, { manager }) => [
    // Of a build whose machine lost its power.
    ...removeFolderSteps(manager, machines(manager).facts, paths.build, "the files of a build"),
    ...[
      ...own.map(({ host, present }) => [host, present.map(({ id }) => id)] as const),
      ...otherImages,
    ]
      .filter(([, ids]) => ids.length > 0)
      .map(([host, ids]) => ({
        host,
        title: "remove images built by swarmhub",
        run: async () => {
          for (const id of ids) await ifExists(host.docker.getImage(id).remove({ force: true }));
        },
      })),
    ...pulled.map((each) => ({
      host: each.host,
      title: `remove the image ${commonName(each)}`,
      run: () => removePulled(each, { force: true }),
    })),
  ],
};

/** The disk space of a running pull, with layers packed and unpacked, relative to the image's size. */
const pullFactor = 1.3;

// The size is known only if another machine has the image; for the first one the check of the disks asks for enough space.
const refuseFullDisk = (host: Host, facts: Facts, missing: readonly UserImage[]): void => {
  const bytes = missing.reduce((sum, { size = 0 }) => sum + size * pullFactor, 0);
  // Docker's folder or containerd's may have the images, and only the machine's storage driver decides which.
  const disk = facts.dockerDisks.toSorted((one, other) => other.freeBytes - one.freeBytes)[0];
  if (disk === undefined || bytes <= disk.freeBytes) return;
  const names = missing.map(({ image }) => image).join(", ");
  throw new UserError(
    `only ${formatSize(disk.freeBytes)} free in ${disk.path}, but pulling ${names} needs ${formatSize(bytes)}`,
    {
      host: host.name,
      hint: fullDiskHint(host, facts),
      code: exitCode.preflight,
    },
  );
};

const ownImageStep = (cluster: Cluster, host: Host, image: OwnImage): Step => {
  const { config: want } = cluster;
  const { name } = want;
  const { ownImages: registry } = want.engine;
  if (registry === undefined)
    return {
      host,
      title: `build the image ${image.name}`,
      detail: image.reference,
      run: async (progress) =>
        buildOwnImage(host, image, name, progress, await buildProxy(cluster, host)),
    };
  return {
    host,
    title: `get the image ${image.name}`,
    detail: `${releaseReference(registry, image)}, or built here if it is not there`,
    run: async (progress) => {
      const login = await loginFor(want, `${registry}/${image.name}`);
      const proxy = await buildProxy(cluster, host);
      return obtainImage(host, image, { className: name, registry, progress, login, proxy });
    },
  };
};
