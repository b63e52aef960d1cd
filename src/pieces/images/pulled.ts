import { absent } from "../../docker.js";
import type { Host } from "../../host.js";
import { listedImages } from "../shared/listed.js";
import { isPulledName } from "./notebook.js";

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
  for (const name of names.toReversed()) await absent(host.docker.getImage(name).remove(options));
};
