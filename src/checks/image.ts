import { readBuild } from "../image-folder.js";
import { UserError } from "../errors.js";
import { formatSize } from "../size.js";
import { localImage } from "../pieces/images/local.js";
import type { Cluster } from "../cluster.js";
import { imagesOf, type ImageBuild } from "../config.js";
import type { Check, Finding, World } from "./check.js";
import { askThroughDocker } from "./image/engine.js";
import { askForImage } from "./image/registry.js";

/** The images of users' servers are in their registries, or on the machines already. What cannot be asked from here is noted only. */
export const image: Check = {
  name: "image",
  run: ({ cluster, world }) =>
    Promise.all(
      imagesOf(cluster.config).map(({ image: reference, build }) =>
        build === undefined ? findingOf(reference, cluster, world) : buildFinding(build),
      ),
    ),
};

const buildFinding = async (build: ImageBuild): Promise<Finding> => {
  const from = await readBuild(build);
  if (from instanceof UserError)
    return { level: "refusal", text: from.message, ...(from.cure && { cure: from.cure }) };
  const content = `${from.files} files and folders, ${formatSize(from.bytes)}`;
  return { level: "ok", text: `${build.folder} will be built on the manager: ${content}` };
};

const findingOf = async (reference: string, cluster: Cluster, world: World): Promise<Finding> => {
  const { registryMirrors } = cluster.config.engine;
  const local = await Promise.all(cluster.seats.map((host) => localImage(host, reference)));
  if (local.every((found) => found !== undefined))
    return { level: "ok", text: `${reference} is on every machine that takes users` };
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
  return found[answer.kind];
};
