import type { Cluster } from "../../cluster.js";
import { absent } from "../../docker.js";
import { UserError } from "../../errors.js";
import type { Host } from "../../host.js";
import type { Step } from "../../step.js";
import { isPulledName, pulledName, type Notebook } from "../images/notebook.js";
import { listedImages } from "../shared/listed.js";

/** An image of users' servers that we pulled and the configuration does not name any more; its names, of which the first is ours. */
export type Pulled = { host: Host; names: string[] };

/** Looks for such images on every node that no container stands on. */
export const inspectPulled = async (
  { nodes }: Cluster,
  notebooks: readonly Pick<Notebook, "reference" | "built">[],
): Promise<Pulled[]> => {
  const wanted = new Set(notebooks.flatMap(namesOf).map(pulledName));
  const found = await Promise.all(
    nodes.map(async (host) => {
      const old = (await listedImages(host)).flatMap(({ Id, RepoTags }) => {
        const ours = (RepoTags ?? []).filter(isPulledName);
        const isOld = ours.length > 0 && !ours.some((name) => wanted.has(name));
        return isOld ? [{ id: Id, names: [...new Set([...ours, ...(RepoTags ?? [])])] }] : [];
      });
      const free = await Promise.all(old.map(async ({ id }) => !(await isUsed(host, id))));
      return old.flatMap(({ names }, index) => (free[index] === true ? [{ host, names }] : []));
    }),
  );
  return found.flat();
};

/** What users' servers are made of, and what that was built on. */
const namesOf = ({ reference, built }: Pick<Notebook, "reference" | "built">): string[] => [
  reference,
  ...(built === undefined || built.from instanceof UserError ? [] : built.from.bases),
];

/** The steps that remove them; a server that starts on one meanwhile keeps it. */
export const pulledSteps = (pulled: readonly Pulled[]): Step[] =>
  pulled.map(({ host, names }) => ({
    host,
    title: "remove an image that nobody uses any more",
    detail: names.slice(1).join(", "),
    run: async () => {
      // Ours last, so that it stays known as ours where this is cut off.
      for (const name of names.toReversed())
        await absent(host.docker.getImage(name).remove()).catch(unlessUsed);
    },
  }));

/** Lets pass that something in use is not removed. */
export const unlessUsed = (error: { statusCode?: number }): void => {
  if (error.statusCode !== 409) throw error as Error;
};

/** Whether a container stands on an image. */
export const isUsed = async ({ docker }: Host, id: string): Promise<boolean> =>
  (await docker.listContainers({ all: true, filters: { ancestor: [id] } })).length > 0;
