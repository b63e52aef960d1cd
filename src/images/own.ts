import type { Cluster } from "../cluster/cluster.js";
import type { Host } from "../host/host.js";
import { unfinishedName } from "../names.js";
import { assetPath } from "../operator/assets.js";
import { type ImageName, type OwnImage, assetsAt, ownImages } from "../operator/own-images.js";
import { listedImages } from "../swarm/list.js";
import { needsRegistry } from "./built.js";

let images: OwnImage[] | undefined;

/** All images that this version of swarmhub builds; read once, since they do not change while it runs. */
export const allOwnImages = (): OwnImage[] => (images ??= ownImages(assetsAt(assetPath)));

/** The reference of one of our images: "swarmhub/hub:0123456789ab". */
export const imageReference = (name: ImageName): string =>
  allOwnImages().find((image) => image.name === name)?.reference ?? "";

/** Our images on a host. */
export type OwnImageState = {
  host: Host;
  /** The images that the host needs. */
  wanted: readonly OwnImage[];
  /** Those that it lacks; any image of the same name will do, since the name has a hash of the sources. */
  missing: readonly OwnImage[];
  /** The images that swarmhub built there, of this version and of earlier ones. */
  present: readonly { id: string; references: readonly string[] }[];
};

/** Inspects our images on their hosts: the watcher's on the storage host, the others on the manager, the registry's if it is needed. */
export const inspectOwn = async (
  cluster: Cluster,
  all: readonly OwnImage[] = allOwnImages(),
): Promise<OwnImageState[]> => {
  const { config, manager, storage } = cluster;
  const hasRegistry = await needsRegistry(cluster);
  return Promise.all(
    [...new Set([manager, storage ?? manager])].map(async (host) => {
      const wanted = all
        .filter(({ name }) => host === (name === "quota" ? storage : manager))
        .filter(({ name }) => name !== "registry" || hasRegistry);
      const listed = await listedImages(host);
      const names = new Set(listed.flatMap(({ RepoTags }) => RepoTags ?? []));
      return {
        host,
        wanted,
        missing: wanted.filter(({ reference }) => !names.has(reference)),
        present: listed
          .filter(({ Labels }) => Labels?.["swarmhub.class"] === config.name)
          .map(({ Id, RepoTags }) => ({ id: Id, references: RepoTags ?? [] })),
      };
    }),
  );
};

/**
 * Our other images by host: the leftover of a failed build, by name since the image may have another owner too; and images
 * with the class's label that were pulled from the registry, by id.
 */
export const inspectOtherImages = async ({
  config,
  manager,
  storage,
  hosts,
}: Cluster): Promise<Map<Host, string[]>> =>
  new Map(
    await Promise.all(
      hosts.map(async (host) => {
        const listed = await listedImages(host);
        const names = listed.flatMap(({ RepoTags }) => RepoTags ?? []);
        const isWorker = host !== manager && host !== storage;
        const ids = listed
          .filter(({ Labels }) => isWorker && Labels?.["swarmhub.class"] === config.name)
          .map(({ Id }) => Id);
        const isUnfinished = host === manager && names.includes(unfinishedName);
        return [host, isUnfinished ? [unfinishedName, ...ids] : ids] as const;
      }),
    ),
  );

/** The references of images that an earlier version of swarmhub built and this one does not need. */
export const oldReferences = ({ wanted, present }: OwnImageState): string[] =>
  present
    .flatMap(({ references }) => references)
    .filter((each) => /^swarmhub\/\w+:[0-9a-f]{12}$/.test(each))
    .filter((each) => !wanted.some(({ reference }) => reference === each));
