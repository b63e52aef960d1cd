import type { Cluster } from "../../cluster.js";
import { absent } from "../../docker.js";
import type { Host } from "../../host.js";
import { paths } from "../../paths.js";
import { quote } from "../../quote.js";
import type { Step } from "../../step.js";
import type { Notebook } from "../images/notebook.js";
import { builtRepository } from "../registry/address.js";
import { listedImages, userServices } from "../shared/listed.js";
import { isUsed, unlessUsed } from "./pulled.js";

/** An image on the manager that was built from a folder as it is no more. */
export type OldBuild = { tag: string };

/** Looks for such images that no user's server is made of: one that starts again elsewhere fetches its own anew. */
export const inspectOldBuilds = async (
  cluster: Cluster,
  notebooks: readonly Pick<Notebook, "reference">[],
): Promise<OldBuild[]> => {
  const { manager } = cluster;
  const [listed, servers] = await Promise.all([listedImages(manager), userServices(cluster)]);
  const wanted = new Set(notebooks.map(({ reference }) => reference));
  const used = new Set(servers.map(({ image }) => image));
  const old = listed.flatMap(({ Id, RepoTags, RepoDigests }) => {
    const tags = (RepoTags ?? []).filter((name) => built.test(name) && !wanted.has(name));
    const isWanted = [Id, ...(RepoTags ?? []), ...(RepoDigests ?? [])].some((name) =>
      used.has(name),
    );
    return isWanted ? [] : tags.map((name) => ({ id: Id, tag: name }));
  });
  const free = await Promise.all(old.map(async ({ id }) => !(await isUsed(manager, id))));
  return old.filter((_, index) => free[index]);
};

/** The step that removes them, from the registry too. */
export const oldBuildSteps = (old: readonly OldBuild[], { manager }: Cluster): Step[] =>
  old.length === 0
    ? []
    : [
        {
          host: manager,
          title:
            old.length === 1
              ? "remove an image that was built before"
              : `remove ${old.length} images that were built before`,
          run: async () => {
            await manager.script(
              forgetScript(old.map(({ tag }) => tag.slice(builtRepository.length + 1))),
            );
            // Here last, so that it stays known as old where this is cut off.
            for (const { tag } of old) await remove(manager, tag);
          },
        },
      ];

const built = new RegExp(`^${builtRepository.replaceAll(".", "\\.")}:[0-9a-f]{16}$`);

const remove = ({ docker }: Host, tag: string): Promise<unknown> =>
  absent(docker.getImage(tag).remove()).catch(unlessUsed);

// The registry has no word for it: a tag is a folder there, and its own sweeper takes what no tag leads to. Nothing is
// pushed meanwhile, as whoever pushes holds the lock of the class.
const forgetScript = (tags: readonly string[]): string => {
  const folder = `${paths.registry}/docker/registry/v2/repositories/swarmhub/built/_manifests/tags`;
  const container = "docker ps -q -f label=com.docker.swarm.service.name=registry";
  return `set -e
[ -d ${folder} ] || exit 0
rm -rf ${tags.map((tag) => quote(`${folder}/${tag}`)).join(" ")}
container=$(${container})
[ -z "$container" ] || docker exec "$container" docker-registry garbage-collect --delete-untagged /etc/docker/registry/config.yml >/dev/null 2>&1
`;
};
