import { localImage } from "../pieces/images/local.js";
import type { Check, Finding } from "./check.js";
import { askThroughDocker } from "./image/engine.js";
import { askForImage } from "./image/registry.js";

/** The users' image is in its registry, or on the machines already. What cannot be asked from here is noted only. */
export const image: Check = {
  name: "image",
  run: async ({ cluster, world }) => {
    const { image: reference } = cluster.config.servers;
    const { registryMirrors } = cluster.config.engine;
    const local = await Promise.all(cluster.seats.map((host) => localImage(host, reference)));
    if (local.every((found) => found !== undefined))
      return [{ level: "ok", text: `${reference} is on every machine that takes users` }];
    const answer =
      (await askThroughDocker(cluster.manager, reference)) ??
      (await askForImage(reference, registryMirrors, world.fetch));
    const found: Record<typeof answer.kind, Finding> = {
      there: { level: "ok", text: `${reference} is at ${answer.registry}` },
      unknown: {
        level: "note",
        text: `${reference}: ${answer.registry} could not be asked from here (${answer.words})`,
      },
      refused: {
        level: "refusal",
        text: `${reference} cannot be pulled: ${answer.registry} answers ${answer.words}`,
        cure: "correct `servers: image` in the configuration (name, tag; it must be public)",
      },
    };
    return [found[answer.kind]];
  },
};
