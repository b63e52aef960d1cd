import type { Cluster } from "../../cluster.js";
import { UserError } from "../../errors.js";
import type { Host } from "../../host.js";
import type { Step } from "../../step.js";
import { pulledName, type Notebook } from "../images/notebook.js";
import { commonName, listPulled, removePulled, type Pulled } from "../images/pulled.js";

/** Looks for images of users' servers that we pulled, the configuration does not name any more, and no container stands on. */
export const inspectPulled = async (
  { nodes }: Cluster,
  notebooks: readonly Pick<Notebook, "reference" | "built">[],
): Promise<Pulled[]> => {
  const wanted = new Set(notebooks.flatMap(namesOf).map(pulledName));
  const old = (await listPulled(nodes)).filter(
    ({ names }) => !names.some((name) => wanted.has(name)),
  );
  const used = await Promise.all(old.map(({ host, id }) => isUsed(host, id)));
  return old.filter((_, index) => used[index] === false);
};

/** What users' servers are made of, and what that was built on. */
const namesOf = ({ reference, built }: Pick<Notebook, "reference" | "built">): string[] => [
  reference,
  ...(built === undefined || built.from instanceof UserError ? [] : built.from.bases),
];

/** The steps that remove them; a server that starts on one meanwhile keeps it. */
export const pulledSteps = (pulled: readonly Pulled[]): Step[] =>
  pulled.map((each) => ({
    host: each.host,
    title: "remove an image that nobody uses any more",
    detail: commonName(each),
    run: () => removePulled(each).catch(unlessUsed),
  }));

/** Lets pass that something in use is not removed. */
export const unlessUsed = (error: { statusCode?: number }): void => {
  if (error.statusCode !== 409) throw error as Error;
};

/** Whether a container stands on an image. */
export const isUsed = async ({ docker }: Host, id: string): Promise<boolean> =>
  (await docker.listContainers({ all: true, filters: { ancestor: [id] } })).length > 0;
