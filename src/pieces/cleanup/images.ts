import type { Cluster } from "../../cluster/cluster.js";
import { ifExists } from "../../docker/client.js";
import { UserError } from "../../errors.js";
import type { Host } from "../../host/host.js";
import {
  type UserImage,
  type PulledImage,
  commonName,
  listPulled,
  pulledName,
  removePulled,
} from "../../images/pulled.js";
import { builtRepository } from "../../names.js";
import type { OwnImage } from "../../operator/own-images.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { listedImages, userServices } from "../../swarm/list.js";
import { quote } from "../../text/shell.js";

/** An image on the manager that was built from an earlier state of a folder. */
export type OldBuild = { tag: string };

/** Finds outdated builds that no user's server runs: a server that restarts on another machine pulls its image again. */
export const inspectOldBuilds = async (
  cluster: Cluster,
  userImages: readonly Pick<UserImage, "reference">[],
): Promise<OldBuild[]> => {
  const { manager } = cluster;
  const [listed, servers] = await Promise.all([listedImages(manager), userServices(cluster)]);
  const wanted = new Set(userImages.map(({ reference }) => reference));
  const used = new Set(servers.map(({ image }) => image));
  const old = listed.flatMap(({ Id, RepoTags, RepoDigests }) => {
    const tags = (RepoTags ?? []).filter((name) => builtTag.test(name) && !wanted.has(name));
    const isWanted = [Id, ...(RepoTags ?? []), ...(RepoDigests ?? [])].some((name) =>
      used.has(name),
    );
    return isWanted ? [] : tags.map((name) => ({ id: Id, tag: name }));
  });
  const free = await Promise.all(old.map(async ({ id }) => !(await isUsed(manager, id))));
  return old.filter((_, index) => free[index]);
};

/** The step that removes outdated builds, from the registry too. */
export const oldBuildSteps = (old: readonly OldBuild[], { manager }: Cluster): Step[] =>
  old.length === 0
    ? []
    : [
        {
          host: manager,
          title:
            old.length === 1 ? "remove an outdated build" : `remove ${old.length} outdated builds`,
          run: async () => {
            await manager.script(
              forgetScript(old.map(({ tag }) => tag.slice(builtRepository.length + 1))),
            );
            // On the manager last, so that an interrupted run still finds it.
            for (const { tag } of old) await remove(manager, tag);
          },
        },
      ];

const builtTag = new RegExp(`^${builtRepository.replaceAll(".", "\\.")}:[0-9a-f]{16}$`);

const remove = ({ docker }: Host, tag: string): Promise<unknown> =>
  ifExists(docker.getImage(tag).remove()).catch(ignoreInUse);

// The registry has no API to remove a tag: a tag is a folder, and the garbage collector deletes what no tag refers to. Nothing
// is pushed meanwhile, since a push needs the class's lock.
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

/** Finds images that swarmhub pulled, that are no longer needed, and that no container uses. */
export const inspectPulled = async (
  { hosts }: Cluster,
  userImages: readonly Pick<UserImage, "reference" | "built">[],
  ownImages: readonly Pick<OwnImage, "reference">[],
): Promise<PulledImage[]> => {
  const own = ownImages.map(({ reference }) => reference);
  const wanted = new Set([...userImages.flatMap(namesOf), ...own].map(pulledName));
  const old = (await listPulled(hosts)).filter(
    ({ names }) => !names.some((name) => wanted.has(name)),
  );
  const used = await Promise.all(old.map(({ host, id }) => isUsed(host, id)));
  return old.filter((_, index) => used[index] === false);
};

/** The images of users' servers and their base images. */
const namesOf = ({ reference, built }: Pick<UserImage, "reference" | "built">): string[] => [
  reference,
  ...(built === undefined || built.from instanceof UserError ? [] : built.from.bases),
];

/** The steps that remove them; an image that a server starts to use meanwhile is kept. */
export const pulledSteps = (pulled: readonly PulledImage[]): Step[] =>
  pulled.map((each) => ({
    host: each.host,
    title: "remove an unused image",
    detail: commonName(each),
    run: () => removePulled(each).catch(ignoreInUse),
  }));

/** Ignores the error that an image is in use. */
const ignoreInUse = (error: { statusCode?: number }): void => {
  if (error.statusCode !== 409) throw error as Error;
};

/** Whether a container uses an image. */
const isUsed = async ({ docker }: Host, id: string): Promise<boolean> =>
  (await docker.listContainers({ all: true, filters: { ancestor: [id] } })).length > 0;
