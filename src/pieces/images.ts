import { absent, build } from "../docker.js";
import type { Host } from "../host.js";
import { contextTar, type OwnImage } from "../images.js";
import type { Piece } from "../piece.js";
import type { Progress, Step } from "../step.js";
import { inspectNotebook, pullNotebook, type Notebook } from "./images/notebook.js";
import { inspectOwn, type OwnImages } from "./images/own.js";

type State = { own: OwnImages[]; notebook: Notebook };

/** Our own images, built on the machine that runs them, and the notebook image pulled to every machine that takes users. */
export const images: Piece<State> = {
  name: "images",
  inspect: async (cluster) => {
    const [own, notebook] = await Promise.all([inspectOwn(cluster), inspectNotebook(cluster)]);
    return { own, notebook };
  },
  plan: (want, { own, notebook }, cluster) => [
    ...own.flatMap((each) => each.missing.map((image) => buildStep(want.name, each.host, image))),
    ...cluster.seats
      .filter((host) => !notebook.on(host))
      .map((host) => ({
        host,
        title: `pull ${notebook.wanted}`,
        run: (progress: Progress) =>
          pullNotebook(host, notebook.wanted, want.servers.image, progress),
      })),
  ],
  remove: ({ own, notebook }, { config, seats }) => [
    ...own
      .filter(({ present }) => present.length > 0)
      .map(({ host, present }) => ({
        host,
        title: `remove the images that swarmhub built`,
        run: async () => {
          for (const { id } of present)
            await absent(host.docker.getImage(id).remove({ force: true }));
        },
      })),
    ...seats
      .filter((host) => notebook.on(host))
      .map((host) => ({
        host,
        title: `remove the image ${config.servers.image}`,
        run: async () => {
          for (const each of new Set([config.servers.image, notebook.wanted]))
            await absent(host.docker.getImage(each).remove({ force: true }));
        },
      })),
  ],
};

const buildStep = (className: string, host: Host, image: OwnImage): Step => ({
  host,
  title: `build the image ${image.name}`,
  detail: image.reference,
  run: async (progress) => {
    await build(host.docker, contextTar(image.context), {
      tag: image.reference,
      target: image.target,
      labels: { "swarmhub.class": className },
      onLine: (line) => {
        const step = /^Step (\d+)\/(\d+)/.exec(line);
        if (step !== null) progress(`instruction ${step[1]} of ${step[2]}`);
      },
    });
  },
});
