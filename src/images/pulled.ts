import { createHash } from "node:crypto";
import type { ImageInspectInfo } from "dockerode";
import type { Cluster } from "../cluster/cluster.js";
import { type Docker, ifExists } from "../docker/client.js";
import { pullImage } from "../docker/images.js";
import type { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import type { BuildContext } from "../operator/build-folder.js";
import type { Progress } from "../wait.js";

import { listedImages } from "../swarm/list.js";

/**
 * The users' image. `wanted` names it by digest once a machine has pulled it, so that every node runs the same one and
 * no start of a server asks the registry; until then as the configuration does.
 */
export type UserImage = {
  /** As the configuration names it. */
  image: string;
  /** As Docker does. */
  reference: string;
  wanted: string;
  on: (host: Host) => boolean;
  /** Bytes that it takes on a disk, where a machine has it. */
  size: number | undefined;
  /** Where it is built here, how far that is. */
  built?: BuildStatus;
};

/** An image that is built on the manager, as far as that is. */
export type BuildStatus = {
  folder: string;
  /** What it is built from, or why it cannot be. */
  from: BuildContext | UserError;
  isBuilt: boolean;
  /** The registry has it; false where there is none. */
  isPushed: boolean;
};

/**
 * Looks for an image on every node; the digest of the first that takes users is what all of these should have. Before
 * the first worker has it that of the manager, who took users until then and may have servers that run on it.
 */
export const inspectUserImage = async (
  { nodes, seatHosts }: Cluster,
  image: string,
): Promise<UserImage> => {
  const { digests, size } = await digestsOn(nodes, image);
  const [wanted = image] = [...seatHosts, ...nodes].flatMap((host) => digests.get(host) ?? []);
  return {
    image,
    reference: image,
    wanted,
    size,
    on: (host) => {
      const known = digests.get(host);
      // Without a digest anywhere it was made on these machines, and its name is all that there is to go by.
      return known !== undefined && (wanted === image || known.includes(wanted));
    },
  };
};

/** Which of the machines have an image under its name, and as the digest that is wanted. */
export const isOnAll = async (
  hosts: readonly Host[],
  image: string,
  wanted: string,
): Promise<UserImage["on"]> => {
  const { digests } = await digestsOn(hosts, image);
  return (host) => digests.get(host)?.includes(wanted) === true;
};

const digestsOn = async (hosts: readonly Host[], image: string) => {
  let size: number | undefined;
  const digests = new Map(
    await Promise.all(
      hosts.map(async (host) => {
        const local = await localImage(host, image);
        size ??= local?.Size;
        // The same image may be known from other registries too, and what a machine answers is only believed this far.
        const known = local && (local.RepoDigests ?? []).filter((each) => isDigestOf(each, image));
        return [host, known] as const;
      }),
    ),
  );
  return { digests, size };
};

/** The name that an image of users' servers gets beside its own where we pulled it, so that it is known as ours once nobody wants it. */
export const pulledName = (image: string): string =>
  `swarmhub/pulled:${createHash("sha256").update(image).digest("hex").slice(0, 12)}`;

/** Whether a name is one of those. */
const isPulledName = (name: string): boolean => /^swarmhub\/pulled:[0-9a-f]{12}$/.test(name);

/** Gives an image one more name, "repository:tag". */
export const giveName = async (docker: Docker, image: string, name: string): Promise<void> => {
  const [repo = "", tag = ""] = name.split(":");
  await docker.getImage(image).tag({ repo, tag });
};

/** Pulls it, and gives it the name by which it is looked for: a pull by digest leaves it without a tag. */
export const pullUserImage = async (
  host: Host,
  wanted: string,
  configured: string,
  progress: Progress,
): Promise<void> => {
  await pullImage(host.docker, wanted, progress);
  await giveName(host.docker, wanted, pulledName(configured));
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

/** An image that we pulled, as a name of ours beside its own says: by its id, and by its names, of which the first are ours. */
export type Pulled = { host: Host; id: string; names: string[] };

/** Looks for such images. */
export const listPulled = async (hosts: readonly Host[]): Promise<Pulled[]> => {
  const found = await Promise.all(
    hosts.map(async (host) =>
      (await listedImages(host)).flatMap(({ Id, RepoTags, RepoDigests }) => {
        const ours = (RepoTags ?? []).filter(isPulledName);
        if (ours.length === 0) return [];
        // What was configured by its digest has no other tag, and would keep that name.
        const names = [...new Set([...ours, ...(RepoTags ?? []), ...(RepoDigests ?? [])])];
        return [{ host, id: Id, names }];
      }),
    ),
  );
  return found.flat();
};

/** How people call it. */
export const commonName = ({ names }: Pulled): string =>
  names.find((name) => !isPulledName(name)) ?? "that has no other name";

/** Takes all its names, ours last, so that it stays known as ours where this is cut off. */
export const removePulled = async (
  { host, names }: Pulled,
  options: { force?: boolean } = {},
): Promise<void> => {
  for (const name of names.toReversed()) await ifExists(host.docker.getImage(name).remove(options));
};

/** An image on a host, remembered; undefined where it or Docker is not there. */
export const localImage = (host: Host, reference: string): Promise<ImageInspectInfo | undefined> =>
  host.remember(`image ${reference}`, async () => {
    const { units } = await host.facts();
    return units["docker.service"] === "active"
      ? ifExists(host.docker.getImage(reference).inspect())
      : undefined;
  });
