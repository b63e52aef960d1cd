import type { Cluster } from "../cluster/cluster.js";
import type { Host } from "../host/host.js";
import { unfinishedName } from "../names.js";
import { assetPath } from "../operator/assets.js";
import { type ImageName, type OwnImage, assetsAt, ownImages } from "../operator/own-images.js";
import { listedImages } from "../swarm/list.js";
import { needsRegistry } from "./built.js";

let images: OwnImage[] | undefined;

/** All images that this swarmhub makes; read once, since they do not change while it runs. */
const allOwnImages = (): OwnImage[] => (images ??= ownImages(assetsAt(assetPath)));

/** The reference of one of them: "swarmhub/hub:0123456789ab". */
export const imageReference = (name: ImageName): string =>
  allOwnImages().find((image) => image.name === name)?.reference ?? "";

/** Our images as a host has them. */
export type OwnImageState = {
  host: Host;
  /** What is to be there. */
  wanted: readonly OwnImage[];
  /** What of it is not: whoever brought an image of that name, the name is a hash of what it is made of. */
  missing: readonly OwnImage[];
  /** What we built there, of this swarmhub and of earlier ones. */
  present: readonly { id: string; references: readonly string[] }[];
};

/** Looks where our images belong: the watcher's where the homes are, the others on the manager, the registry's if one is needed. */
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
 * Other images of ours: what a failed build left by its name, as it may be somebody's too; by their ids those with the class's
 * label that the registry brought.
 */
export const inspectSpread = async ({
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
        const isElsewhere = host !== manager && host !== storage;
        const ids = listed
          .filter(({ Labels }) => isElsewhere && Labels?.["swarmhub.class"] === config.name)
          .map(({ Id }) => Id);
        const isUnfinished = host === manager && names.includes(unfinishedName);
        return [host, isUnfinished ? [unfinishedName, ...ids] : ids] as const;
      }),
    ),
  );

/** The names of images that an earlier swarmhub made and this one has no use for. */
export const oldReferences = ({ wanted, present }: OwnImageState): string[] =>
  present
    .flatMap(({ references }) => references)
    .filter((each) => /^swarmhub\/\w+:[0-9a-f]{12}$/.test(each))
    .filter((each) => !wanted.some(({ reference }) => reference === each));
