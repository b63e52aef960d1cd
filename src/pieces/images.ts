import { type Machines, inspectMachines } from "../cluster/machines.js";
import { ifExists } from "../docker/client.js";
import { buildImage } from "../docker/images.js";
import { UserError, exitCode } from "../errors.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { buildSteps, inspectUserImages, tellInstructions } from "../images/built.js";
import { type OwnImageState, inspectOwn, inspectSpread } from "../images/own.js";
import {
  type UserImage,
  type Pulled,
  commonName,
  listPulled,
  pullUserImage,
  removePulled,
} from "../images/pulled.js";
import { type OwnImage, contextTar } from "../operator/own-images.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { formatSize } from "../text/format.js";
import type { Progress } from "../wait.js";

type State = {
  machines: Machines;
  own: OwnImageState[];
  userImages: UserImage[];
  /** On every node: one that takes no users now may have taken some. */
  pulled: Pulled[];
  /** What else is ours by machine, as `inspectSpread` finds it. */
  spread: ReadonlyMap<Host, string[]>;
};

/** Our own images, built on the machine that runs them, and those of users' servers pulled to every machine that takes users. */
export const images: Piece<State> = {
  name: "images",
  // What takes long: built and pulled while the machines get to know one another.
  startsAfter: "engine",
  inspect: async (cluster) => {
    const [machines, own, userImages, pulled, spread] = await Promise.all([
      inspectMachines(cluster),
      inspectOwn(cluster),
      inspectUserImages(cluster),
      listPulled(cluster.nodes),
      inspectSpread(cluster),
    ]);
    return { machines, own, userImages, pulled, spread };
  },
  plan: (want, { machines, own, userImages }, cluster) => [
    ...own.flatMap((each) => each.missing.map((image) => buildStep(want.name, each.host, image))),
    ...userImages.flatMap((userImage) => buildSteps(want.name, userImage, cluster)),
    ...cluster.seatHosts.flatMap((host) => {
      const missing = userImages.filter(({ on }) => !on(host));
      refuseWithoutRoom(host, machines(host).facts, missing);
      // What is built here comes by the registry, which is a later piece.
      const elsewhere = missing.filter(({ built }) => built === undefined);
      return elsewhere.map(({ wanted, image }) => ({
        host,
        title: `pull ${wanted}`,
        run: (progress: Progress) => pullUserImage(host, wanted, image, progress),
      }));
    }),
  ],
  remove: ({ own, pulled, spread }) => [
    ...[...own.map(({ host, present }) => [host, present.map(({ id }) => id)] as const), ...spread]
      .filter(([, ids]) => ids.length > 0)
      .map(([host, ids]) => ({
        host,
        title: "remove the images that swarmhub built",
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

/** What a pull takes while layers are there packed and unpacked, against what stays. */
const whilePulled = 1.3;

// Where another machine has the image already its size is known; of the first one `check` asks for enough for any.
const refuseWithoutRoom = (host: Host, facts: Facts, missing: readonly UserImage[]): void => {
  const bytes = missing.reduce((sum, { size = 0 }) => sum + size * whilePulled, 0);
  const isElsewhere = facts.mounts.some(({ target }) =>
    ["/var", "/var/lib", "/var/lib/docker"].includes(target),
  );
  if (bytes <= facts.freeOnRoot || isElsewhere) return;
  const names = missing.map(({ image }) => image).join(", ");
  throw new UserError(
    `the root disk has ${formatSize(facts.freeOnRoot)} free, and ${names} needs ${formatSize(bytes)} there while it is pulled`,
    {
      host: host.name,
      hint: `make room on ${host.name}: \`sudo du -xh --max-depth=2 / | sort -h | tail\` shows what is large`,
      code: exitCode.preflight,
    },
  );
};

const buildStep = (className: string, host: Host, image: OwnImage): Step => ({
  host,
  title: `build the image ${image.name}`,
  detail: image.reference,
  run: async (progress) => {
    await buildImage(host.docker, contextTar(image.context), {
      tag: image.reference,
      target: image.target,
      labels: { "swarmhub.class": className },
      onLine: tellInstructions(progress),
    });
  },
});
