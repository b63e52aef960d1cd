import { assetPath } from "../../assets.js";
import type { Cluster } from "../../cluster.js";
import type { Host } from "../../host.js";
import { assetsAt, ownImages, type ImageName, type OwnImage } from "../../images.js";
import { listedImages } from "../shared/listed.js";

let images: OwnImage[] | undefined;

/** All images that this swarmhub makes; read once, since they do not change while it runs. */
const allOwnImages = (): OwnImage[] => (images ??= ownImages(assetsAt(assetPath)));

/** The reference of one of them: "swarmhub/hub:0123456789ab". */
export const imageReference = (name: ImageName): string =>
  allOwnImages().find((image) => image.name === name)?.reference ?? "";

/** Our images as a host has them, of this swarmhub and of earlier ones: what is to be there, and what is. */
export type OwnImages = {
  host: Host;
  wanted: readonly OwnImage[];
  present: readonly { id: string; references: readonly string[] }[];
};

/** Looks where our images belong: the watcher's where the homes are, the others on the manager. */
export const inspectOwn = (
  { config, manager, storage }: Cluster,
  all: readonly OwnImage[] = allOwnImages(),
): Promise<OwnImages[]> =>
  Promise.all(
    [...new Set([manager, storage ?? manager])].map(async (host) => {
      const wanted = all.filter(({ name }) => host === (name === "quota" ? storage : manager));
      const ours = (await listedImages(host)).filter(
        ({ Labels }) => Labels?.["swarmhub.class"] === config.name,
      );
      const present = ours.map(({ Id, RepoTags }) => ({ id: Id, references: RepoTags ?? [] }));
      return { host, wanted, present };
    }),
  );

/** Those of the wanted images that are not there. */
export const missingImages = ({ wanted, present }: OwnImages): OwnImage[] =>
  wanted.filter(
    ({ reference }) => !present.some(({ references }) => references.includes(reference)),
  );

/** The names of images that an earlier swarmhub made and this one has no use for. */
export const oldReferences = ({ wanted, present }: OwnImages): string[] =>
  present
    .flatMap(({ references }) => references)
    .filter((each) => /^swarmhub\/\w+:[0-9a-f]{12}$/.test(each))
    .filter((each) => !wanted.some(({ reference }) => reference === each));
