import { createHash } from "node:crypto";
import type { ImageInspectInfo } from "dockerode";
import type { Cluster } from "../cluster/cluster.js";
import { type Docker, ifExists } from "../docker/client.js";
import { pullImage } from "../docker/images.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import type { BuildContext } from "../operator/build-folder.js";
import type { RegistryLogin } from "../operator/registry-logins.js";
import { listedImages } from "../swarm/list.js";
import type { Progress } from "../wait.js";

/**
 * An image of users' servers. `wanted` is its digest once a machine has pulled it, so that every node runs the same image and
 * no start of a server needs the registry; until then it is the configured name.
 */
export type UserImage = {
  /** The configured name, or the build folder. */
  image: string;
  /** The Docker reference of that name. */
  reference: string;
  wanted: string;
  isOn: (host: Host) => boolean;
  /** Its size on a disk in bytes; undefined if no machine has it. */
  size: number | undefined;
  /** The state of its build; undefined if it is pulled. */
  built?: BuildStatus;
};

/** Whether its build folder cannot be read, so that its current image is unknown. */
export const isUnknown = ({ built }: Pick<UserImage, "built">): boolean =>
  built?.from instanceof UserError;

/** The state of an image that is built on the manager. */
type BuildStatus = {
  folder: string;
  /** The build context, or the error in the folder. */
  from: BuildContext | UserError;
  isBuilt: boolean;
  /** Whether the registry has it; false if there is no registry. */
  isPushed: boolean;
  /** Why the manager cannot build it: it lacks BuildKit. */
  refusal?: UserError | undefined;
};

/**
 * Inspects an image on every node. All machines that take users should have the digest of the first of them; until a worker
 * has the image, the manager's digest counts, since the manager took users before and may still run their servers.
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
    isOn: (host) => {
      const known = digests.get(host);
      // Without a digest anywhere the image was built on these machines and is identified by its name.
      return known !== undefined && (wanted === image || known.includes(wanted));
    },
  };
};

/** A test whether a machine has an image under its name and with the wanted digest. */
export const isOnAll = async (
  hosts: readonly Host[],
  image: string,
  wanted: string,
): Promise<UserImage["isOn"]> => {
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
        // Ignores digests from other registries, and machine output that is not a digest.
        const known = local && (local.RepoDigests ?? []).filter((each) => isDigestOf(each, image));
        return [host, known] as const;
      }),
    ),
  );
  return { digests, size };
};

/** The additional tag of an image that swarmhub pulled; it marks the image as ours when it is no longer configured. */
export const pulledName = (image: string): string =>
  `swarmhub/pulled:${createHash("sha256").update(image).digest("hex").slice(0, 12)}`;

/** Whether a name is such a tag. */
const isPulledName = (name: string): boolean => /^swarmhub\/pulled:[0-9a-f]{12}$/.test(name);

/** Adds a tag ("repository:tag") to an image. */
export const addTag = async (docker: Docker, image: string, name: string): Promise<void> => {
  const [repo = "", tag = ""] = name.split(":");
  await docker.getImage(image).tag({ repo, tag });
};

/** Pulls an image and tags it with its configured name, since a pull by digest leaves no tag. */
export const pullUserImage = async (
  host: Host,
  wanted: string,
  configured: string,
  progress: Progress,
  login?: RegistryLogin,
): Promise<void> => {
  await pullImage(host.docker, wanted, progress, { login });
  await addTag(host.docker, wanted, pulledName(configured));
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

// Docker shortens "docker.io/jupyter/scipy-notebook" to "jupyter/scipy-notebook".
const familiar = (repository: string): string =>
  repository.replace(/^(index\.)?docker\.io\//, "").replace(/^library\//, "");

/** An image that swarmhub pulled: its id, and its names with our additional tags first. */
export type PulledImage = { host: Host; id: string; names: string[] };

/** Lists the images that swarmhub pulled. */
export const listPulled = async (hosts: readonly Host[]): Promise<PulledImage[]> => {
  const found = await Promise.all(
    hosts.map(async (host) =>
      (await listedImages(host)).flatMap(({ Id, RepoTags, RepoDigests }) => {
        const ours = (RepoTags ?? []).filter(isPulledName);
        if (ours.length === 0) return [];
        // An image configured by digest has no other tag, so its digest must be removed too.
        const names = [...new Set([...ours, ...(RepoTags ?? []), ...(RepoDigests ?? [])])];
        return [{ host, id: Id, names }];
      }),
    ),
  );
  return found.flat();
};

/** The image's name for messages. */
export const commonName = ({ names }: PulledImage): string =>
  names.find((name) => !isPulledName(name)) ?? "(unnamed)";

/** Removes all names of an image, our tag last, so that an interrupted run still identifies it. */
export const removePulled = async (
  { host, names }: PulledImage,
  options: { force?: boolean } = {},
): Promise<void> => {
  for (const name of names.toReversed()) await ifExists(host.docker.getImage(name).remove(options));
};

/** An image on a host; undefined if the image or Docker is missing. Remembered by the host. */
export const localImage = (host: Host, reference: string): Promise<ImageInspectInfo | undefined> =>
  host.remember(`image ${reference}`, async () => {
    const { units } = await host.facts();
    return units["docker.service"] === "active"
      ? ifExists(host.docker.getImage(reference).inspect())
      : undefined;
  });
