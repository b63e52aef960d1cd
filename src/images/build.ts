import { type OutboundProxy, proxyVariables } from "../cluster/outbound.js";
import type { Config } from "../config/types.js";
import { type Docker, ifExists } from "../docker/client.js";
import { buildImage, pullImage } from "../docker/images.js";
import type { Host } from "../host/host.js";
import { labels, unfinishedName } from "../names.js";
import type { BuildContext } from "../operator/build-folder.js";
import { type RegistryLogin, allLogins, loginFor } from "../operator/registry-logins.js";
import type { Progress } from "../wait.js";
import { buildWithBuildKit, builderOn, lacksBuildKit, stopped } from "./buildkit.js";
import { addTag, pulledName } from "./pulled.js";

/** An image to build from a folder; the signal stops the build on the machine. */
type Build = {
  config: Config;
  /** What its downloads go through. */
  proxy: OutboundProxy | undefined;
  folder: string;
  reference: string;
  from: BuildContext;
  progress: Progress;
  signal: AbortSignal | undefined;
};

/** Builds an image with the best builder of a machine. Throws a UserError with its last lines, or one with the code `interrupted`. */
export const buildFrom = async (host: Host, build: Build): Promise<void> => {
  const { config, proxy, folder, reference, from, progress, signal } = build;
  // Docker was perhaps installed in this run, after the plan.
  const refusal = await lacksBuildKit(host, folder, from);
  if (refusal !== undefined) throw refusal;
  try {
    for (const base of from.bases) await pullBase(host.docker, base, build);
    const builder = await builderOn(host);
    const logins = await allLogins(config);
    const common = { tag: reference, labels: { [labels.class]: config.name }, proxy, signal };
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
  proxy: OutboundProxy | undefined;
  logins: readonly RegistryLogin[];
  progress: Progress;
  signal: AbortSignal | undefined;
};

/** Builds with the Engine's older builder. */
const buildClassic = async (
  docker: Docker,
  from: BuildContext,
  { logins, proxy, progress, ...options }: ClassicOptions,
): Promise<void> => {
  const report = reportInstructions(progress);
  let last: string | undefined;
  try {
    await buildImage(docker, await from.context(), {
      ...options,
      ...(proxy !== undefined && { buildargs: proxyVariables(proxy) }),
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
