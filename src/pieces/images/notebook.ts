import { createHash } from "node:crypto";
import type { Cluster } from "../../cluster.js";
import { imagesOf } from "../../config.js";
import { pull } from "../../docker.js";
import type { Host } from "../../host.js";
import type { Progress } from "../../step.js";
import { localImage } from "./local.js";

/**
 * The users' image. `wanted` names it by digest once a machine has pulled it, so that every node runs the same one and
 * no start of a server asks the registry; until then as the configuration does.
 */
export type Notebook = {
  /** As the configuration names it. */
  image: string;
  wanted: string;
  on: (host: Host) => boolean;
  /** Bytes that it takes on a disk, where a machine has it. */
  size: number | undefined;
};

/** Looks for every image of users' servers. */
export const inspectNotebooks = (cluster: Cluster): Promise<Notebook[]> =>
  Promise.all(imagesOf(cluster.config).map((image) => inspectNotebook(cluster, image)));

/**
 * Looks for an image on every node; the digest of the first that takes users is what all of these should have. Before
 * the first worker has it that of the manager, who took users until then and may have servers that run on it.
 */
export const inspectNotebook = async (
  { nodes, seats }: Cluster,
  image: string,
): Promise<Notebook> => {
  let size: number | undefined;
  const found = new Map(
    await Promise.all(
      nodes.map(async (host) => {
        const local = await localImage(host, image);
        size ??= local?.Size;
        // The same image may be known from other registries too, and what a machine answers is only believed this far.
        const digests =
          local && (local.RepoDigests ?? []).filter((each) => isDigestOf(each, image));
        return [host, digests] as const;
      }),
    ),
  );
  const [wanted = image] = [...seats, ...nodes].flatMap((host) => found.get(host) ?? []);
  return {
    image,
    wanted,
    size,
    on: (host) => {
      const digests = found.get(host);
      // Without a digest anywhere it was made on these machines, and its name is all that there is to go by.
      return digests !== undefined && (wanted === image || digests.includes(wanted));
    },
  };
};

/** The name that an image of users' servers gets beside its own where we pulled it, so that it is known as ours once nobody wants it. */
export const pulledName = (image: string): string =>
  `swarmhub/pulled:${createHash("sha256").update(image).digest("hex").slice(0, 12)}`;

/** Pulls it, and gives it the name by which it is looked for: a pull by digest leaves it without a tag. */
export const pullNotebook = async (
  host: Host,
  wanted: string,
  configured: string,
  progress: Progress,
): Promise<void> => {
  await pull(host.docker, wanted, progress);
  const [repo = "", note = ""] = pulledName(configured).split(":");
  await host.docker.getImage(wanted).tag({ repo, tag: note });
  if (wanted === configured || configured.includes("@")) return;
  const { repository, tag } = partsOf(configured);
  await host.docker.getImage(wanted).tag({ repo: repository, tag });
};

const isDigestOf = (name: string, image: string): boolean => {
  const [repository = "", digest = ""] = name.split("@");
  return (
    /^sha256:[0-9a-f]{64}$/.test(digest) && familiar(repository) === partsOf(image).familiarName
  );
};

const partsOf = (image: string) => {
  const [name = ""] = image.split("@");
  const colon = name.indexOf(":", name.lastIndexOf("/") + 1);
  const repository = colon < 0 ? name : name.slice(0, colon);
  const tag = colon < 0 ? "latest" : name.slice(colon + 1);
  return { repository, tag, familiarName: familiar(repository) };
};

// Docker answers "jupyter/scipy-notebook" for what was asked for as "docker.io/jupyter/scipy-notebook".
const familiar = (repository: string): string =>
  repository.replace(/^(index\.)?docker\.io\//, "").replace(/^library\//, "");
