import type { Cluster } from "../cluster/cluster.js";
import type { Config } from "../config/types.js";
import { ifExists } from "../docker/client.js";
import type { Host } from "../host/host.js";
import { inspectUserImages } from "../images/built.js";
import { keepLook, keptLooks } from "../images/kept-looks.js";
import { type Look, lookAt } from "../images/look.js";
import { type UserImage, isUnknown, localImage } from "../images/pulled.js";
import { UserError } from "../errors.js";
import { paths } from "../paths.js";
import type { Facts } from "../host/facts.js";
import type { Piece, Step, StepNote } from "../reconcile/piece.js";
import { plural } from "../text/format.js";
import { removeFileSteps } from "./shared/files.js";

type State = {
  facts: Facts;
  looks: Look[];
  /** Each image with the id that it has on the first machine that takes users; undefined if it is not there yet. */
  images: (UserImage & { id: string | undefined })[];
};

/** Tries each image of users' servers once, as the class starts it, so that a fault of it is seen before the class. */
export const trial: Piece<State> = {
  name: "trial",
  inspect: async (cluster) => {
    const [facts, userImages] = await Promise.all([
      cluster.manager.facts(),
      inspectUserImages(cluster),
    ]);
    const host = trialHost(cluster);
    const images = await Promise.all(
      userImages.map(async (image) => ({
        ...image,
        // The name of its folder is no name of an image.
        id: isUnknown(image) ? undefined : (await localImage(host, nameOn(image)))?.Id,
      })),
    );
    return { facts, looks: keptLooks(facts), images };
  },
  plan: (want, { looks, images }, cluster) => {
    const names = new Set(images.map(({ image }) => image));
    return images
      .filter(({ id, image }) => !looks.some((look) => look.id === id && look.image === image))
      .map((image) => trialStep(want, image, names, cluster));
  },
  remove: ({ facts }, { manager }) => removeFileSteps(manager, facts, [{ path: paths.imageLooks }]),
};

const trialHost = ({ seatHosts, manager }: Cluster): Host => seatHosts[0] ?? manager;

/** A built image that no registry has is known by its tag. */
const nameOn = ({ built, wanted, reference }: UserImage): string =>
  built === undefined ? wanted : reference;

const trialStep = (
  { servers }: Config,
  image: UserImage,
  names: ReadonlySet<string>,
  cluster: Cluster,
): Step => {
  const host = trialHost(cluster);
  return {
    host,
    title: `try the image ${image.image}`,
    detail: "as a user's server, without a network",
    run: async (): Promise<StepNote | undefined> => {
      const info = await ifExists(host.docker.getImage(nameOn(image)).inspect());
      if (info === undefined)
        throw new UserError(`${image.image} is not on this machine`, {
          host: host.name,
          hint: "to get it, type `swarmhub up`",
        });
      const look = await lookAt(host, image.image, info, servers.memory);
      await keepLook(cluster.manager, look, names);
      // The step is one of the machine with the image, and the file is on the manager.
      cluster.manager.forget();
      const { length } = look.findings;
      return length === 0
        ? undefined
        : { note: `${plural(length, "finding")}, see \`swarmhub images ls\`` };
    },
  };
};
