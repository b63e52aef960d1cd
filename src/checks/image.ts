import type { Cluster } from "../cluster/cluster.js";
import { type BuildSource, imagesOf } from "../config/types.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { localImage } from "../images/pulled.js";
import { readBuild } from "../operator/build-folder.js";
import { formatSize } from "../text/format.js";
import { type Check, type Finding, type OperatorMachine, withTimeout } from "./check.js";
import { type Answer, askForImage } from "./image/registry.js";

/** The images of users' servers are in their registries, or on the machines already. What cannot be asked from here is noted only. */
export const imageCheck: Check = {
  name: "image",
  run: ({ cluster, world }) =>
    Promise.all(
      imagesOf(cluster.config).map(({ image: reference, build }) =>
        build === undefined ? findingOf(reference, cluster, world) : buildFinding(build),
      ),
    ),
};

const buildFinding = async (build: BuildSource): Promise<Finding> => {
  const from = await readBuild(build);
  if (from instanceof UserError)
    return { level: "error", text: from.message, ...(from.hint && { hint: from.hint }) };
  const content = `${from.files} files and folders, ${formatSize(from.bytes)}`;
  return { level: "ok", text: `${build.folder} will be built on the manager: ${content}` };
};

const findingOf = async (
  reference: string,
  cluster: Cluster,
  world: OperatorMachine,
): Promise<Finding> => {
  const { registryMirrors } = cluster.config.engine;
  const local = await Promise.all(cluster.seatHosts.map((host) => localImage(host, reference)));
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
      level: "error",
      text: `${reference} cannot be pulled: ${answer.registry} answers ${answer.words}`,
      hint: "correct `servers: image` in the configuration (name, tag; it must be public)",
    },
  };
  return found[answer.kind];
};

const patience = 10_000;
// milliseconds

/** What a machine's own Docker is told by the registry, through its mirrors and with its authorities; undefined without a Docker or a clear word. */
const askThroughDocker = async (host: Host, image: string): Promise<Answer | undefined> => {
  const { units } = await host.facts();
  if (units["docker.service"] !== "active") return undefined;
  const asked = host.docker
    .getImage(image)
    .distribution()
    .then((): Answer => ({ kind: "there", registry: "its registry", words: "" }), refusedBy);
  return withTimeout(patience, asked);
};

// The status is 500 also for what a registry refused in so many words, and for one that cannot be reached.
const refusal =
  /manifest unknown|name unknown|: not found|denied: |unauthorized|authentication required/i;

const refusedBy = (error: Error & { json?: { message?: string } }): Answer | undefined => {
  const words = error.json?.message ?? error.message;
  return refusal.test(words) ? { kind: "refused", registry: "its registry", words } : undefined;
};
