import type { Cluster } from "../cluster/cluster.js";
import { type BuildSource, imagesOf } from "../config/types.js";
import { pushImage } from "../docker/images.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { builtRepository, serviceName } from "../names.js";
import { type BuildContext, readBuild } from "../operator/build-folder.js";
import type { RegistryLogin } from "../operator/registry-logins.js";
import type { Step } from "../reconcile/piece.js";
import { listedServices, userServices } from "../swarm/list.js";
import { managerDocker } from "../swarm/membership.js";
import { formatSize, listed } from "../text/format.js";
import { buildFrom } from "./build.js";
import { buildProxy } from "./build-proxy.js";
import { lacksBuildKit } from "./buildkit.js";
import { type UserImage, inspectUserImage, isOnAll, localImage } from "./pulled.js";

/** Inspects an image that is built from a folder: on the manager, in the registry and on the machines that take users. */
const inspectBuilt = async (cluster: Cluster, source: BuildSource): Promise<UserImage> => {
  const { folder } = source;
  const from = await readBuild(source);
  const { manager, workers } = cluster;
  if (from instanceof UserError) {
    const state = { folder, from, isBuilt: false, isPushed: false };
    const unbuilt = { image: folder, reference: folder, wanted: folder, size: undefined };
    return { ...unbuilt, isOn: () => false, built: state };
  }
  const reference = `${builtRepository}:${from.hash}`;
  const [local, digest] = await Promise.all([
    localImage(manager, reference),
    workers.length === 0 ? undefined : registryDigest(cluster, reference),
  ]);
  const isBuilt = local !== undefined;
  const { units } = await manager.facts();
  const hasDocker = units["docker.service"] === "active";
  const refusal = isBuilt || !hasDocker ? undefined : await lacksBuildKit(manager, folder, from);
  const known = { image: folder, reference, size: local?.Size };
  const state = { folder, from, isBuilt, isPushed: digest !== undefined, refusal };
  // An image id is local, so no registry is asked for it.
  if (workers.length === 0)
    return { ...known, wanted: local?.Id ?? reference, isOn: () => isBuilt, built: state };
  const wanted = digest === undefined ? reference : `${builtRepository}@${digest}`;
  const isOn =
    digest === undefined ? () => false : await isOnAll(cluster.seatHosts, reference, wanted);
  return { ...known, wanted, isOn, built: state };
};

/** The registry's digest of a tag; undefined if it lacks the tag or there is no registry. */
const registryDigest = async (cluster: Cluster, reference: string): Promise<string | undefined> => {
  if ((await managerDocker(cluster)) === undefined) return undefined;
  const { manager } = cluster;
  const name = serviceName(cluster.config.name, "registry");
  if (!(await listedServices(manager)).some(({ Spec }) => Spec.Name === name)) return undefined;
  return manager.remember(`registry ${reference}`, () => digestOf(manager, reference));
};

/** The registry's digest of a tag, through a machine's Docker; undefined if it lacks the tag or does not answer. */
export const digestOf = async (host: Host, reference: string): Promise<string | undefined> =>
  (await publishedImage(host, reference))?.digest;

/** The same with the processors that the image is for ("amd64"); none if the registry does not say. */
export const publishedImage = async (
  host: Host,
  reference: string,
  login?: RegistryLogin,
): Promise<{ digest: string; architectures: string[] } | undefined> => {
  const found = await host.docker
    .getImage(reference)
    .distribution(login === undefined ? undefined : { authconfig: login })
    .catch(() => undefined);
  const digest = found?.Descriptor?.digest ?? "";
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined;
  // Engines send the names of the OCI specification, in small letters; their documentation and the types have capitals.
  const platforms = (found?.Platforms ?? []) as { architecture?: string }[];
  return { digest, architectures: platforms.flatMap(({ architecture }) => architecture ?? []) };
};

/** The step that builds an image on the manager; throws the UserError of a folder that cannot be built, or not there. */
export const buildSteps = ({ reference, built: state }: UserImage, cluster: Cluster): Step[] => {
  if (state === undefined) return [];
  const { config, manager } = cluster;
  const { from, folder, isBuilt, refusal } = state;
  if (from instanceof UserError) throw from;
  if (isBuilt) return [];
  if (refusal !== undefined) throw refusal;
  return [
    {
      host: manager,
      title: `build the image of ${folder}`,
      detail: `${from.files} files and folders, ${formatSize(from.bytes)}${madeText(from)}`,
      run: async (progress, signal) => {
        const proxy = await buildProxy(cluster, manager);
        await buildFrom(manager, { config, proxy, folder, reference, from, progress, signal });
      },
    },
  ];
};

/** The words about a Dockerfile that was made: ", with a Dockerfile made from apt.txt and requirements.txt". */
export const madeText = ({ made }: BuildContext): string =>
  made === undefined ? "" : `, with a Dockerfile made from ${listed(made.from)}`;

/** The step that pushes an image to the registry; none if it is there. */
export const pushSteps = (
  { reference, built: state }: UserImage,
  { manager, workers }: Cluster,
): Step[] =>
  state === undefined || state.isPushed || workers.length === 0
    ? []
    : [
        {
          host: manager,
          title: `push the image of ${state.folder} to the registry`,
          run: (progress) =>
            pushImage(
              manager.docker,
              builtRepository,
              reference.slice(builtRepository.length + 1),
              progress,
            ),
        },
      ];

/** Inspects every image of users' servers. */
export const inspectUserImages = (cluster: Cluster): Promise<UserImage[]> =>
  Promise.all(
    imagesOf(cluster.config).map(({ image, build }) =>
      build === undefined ? inspectUserImage(cluster, image) : inspectBuilt(cluster, build),
    ),
  );

/** Whether workers need images that are built on the manager. */
export const buildsForWorkers = ({ config, workers }: Cluster): boolean =>
  workers.length > 0 && imagesOf(config).some(({ build }) => build !== undefined);

/** Whether workers need them, or servers run such images: a server that restarts on another machine pulls its image. */
export const needsRegistry = async (cluster: Cluster): Promise<boolean> =>
  buildsForWorkers(cluster) ||
  (await userServices(cluster)).some(({ image }) => image?.startsWith(`${builtRepository}@`));
