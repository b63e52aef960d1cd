import type { Cluster } from "../cluster/cluster.js";
import { type BuildSource, type Config, imagesOf } from "../config/types.js";
import { type Docker, ifExists } from "../docker/client.js";
import { buildImage, pullImage, pushImage } from "../docker/images.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { builtRepository, labels, serviceName, unfinishedName } from "../names.js";
import { type BuildContext, readBuild } from "../operator/build-folder.js";
import { type RegistryLogin, allLogins, loginFor } from "../operator/registry-logins.js";
import type { Step } from "../reconcile/piece.js";
import { listedServices, userServices } from "../swarm/list.js";
import { managerDocker } from "../swarm/membership.js";
import { formatSize, listed } from "../text/format.js";
import type { Progress } from "../wait.js";
import { buildWithBuildKit, builderOn, lacksBuildKit, stopped } from "./buildkit.js";
import {
  type UserImage,
  addTag,
  inspectUserImage,
  isOnAll,
  localImage,
  pulledName,
} from "./pulled.js";

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
export const buildSteps = (
  { reference, built: state }: UserImage,
  { config, manager }: Cluster,
): Step[] => {
  if (state === undefined) return [];
  const { from, folder, isBuilt, refusal } = state;
  if (from instanceof UserError) throw from;
  if (isBuilt) return [];
  if (refusal !== undefined) throw refusal;
  return [
    {
      host: manager,
      title: `build the image of ${folder}`,
      detail: `${from.files} files and folders, ${formatSize(from.bytes)}${madeText(from)}`,
      run: (progress, signal) =>
        buildFrom(manager, { config, folder, reference, from, progress, signal }),
    },
  ];
};

/** The words about a Dockerfile that was made: ", with a Dockerfile made from apt.txt and requirements.txt". */
export const madeText = ({ made }: BuildContext): string =>
  made === undefined ? "" : `, with a Dockerfile made from ${listed(made.from)}`;

type Build = {
  config: Config;
  folder: string;
  reference: string;
  from: BuildContext;
  progress: Progress;
  signal: AbortSignal | undefined;
};

const buildFrom = async (host: Host, build: Build): Promise<void> => {
  const { config, folder, reference, from, progress, signal } = build;
  // Docker was perhaps installed in this run, after the plan.
  const refusal = await lacksBuildKit(host, folder, from);
  if (refusal !== undefined) throw refusal;
  try {
    for (const base of from.bases) await pullBase(host.docker, base, build);
    const builder = await builderOn(host);
    const logins = await allLogins(config);
    const common = { tag: reference, labels: { [labels.class]: config.name }, signal };
    if (builder === "classic")
      await buildClassic(host.docker, from, { ...common, logins, progress });
    else
      await buildWithBuildKit(host, await from.context(), { ...common, builder, logins, progress });
  } catch (error) {
    throw signal?.aborted === true ? stopped(host) : error;
  }
};

type ClassicOptions = {
  tag: string;
  labels: Record<string, string>;
  logins: readonly RegistryLogin[];
  progress: Progress;
  signal: AbortSignal | undefined;
};

/** Builds with the Engine's older builder. */
const buildClassic = async (
  docker: Docker,
  from: BuildContext,
  { logins, progress, ...options }: ClassicOptions,
): Promise<void> => {
  const report = reportInstructions(progress);
  let last: string | undefined;
  try {
    await buildImage(docker, await from.context(), {
      ...options,
      ...(logins.length > 0 && {
        logins: Object.fromEntries(logins.map((login) => [login.serveraddress, login])),
      }),
      onLine: (line) => {
        report(line);
        last = /^ ---> ([0-9a-f]{12})$/.exec(line)?.[1] ?? last;
      },
    });
  } catch (error) {
    // The next build continues from this layer, and `down` identifies it as ours.
    if (last !== undefined) await ifExists(addTag(docker, last, unfinishedName));
    throw error;
  }
  await ifExists(docker.getImage(unfinishedName).remove());
};

/** Reports the progress of a build from its output lines. */
export const reportInstructions =
  (progress: Progress) =>
  (line: string): void => {
    const step = /^Step (\d+)\/(\d+)/.exec(line);
    if (step !== null) progress(`instruction ${step[1]} of ${step[2]}`);
  };

/** Pulls a base image here and not in the builder, so that it is tagged as ours and removed when no build needs it. */
const pullBase = async (
  docker: Docker,
  base: string,
  { config, progress, signal }: Build,
): Promise<void> => {
  if ((await ifExists(docker.getImage(base).inspect())) !== undefined) return;
  await pullImage(docker, base, progress, { login: await loginFor(config, base), signal });
  await addTag(docker, base, pulledName(base));
};

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
