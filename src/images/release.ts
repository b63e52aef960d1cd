import { type OutboundProxy, proxyVariables } from "../cluster/outbound.js";
import { buildImage, pullImage } from "../docker/images.js";
import type { Host } from "../host/host.js";
import { labels } from "../names.js";
import { type OwnImage, contextTar } from "../operator/own-images.js";
import type { RegistryLogin } from "../operator/registry-logins.js";
import type { StepNote } from "../reconcile/piece.js";
import type { Progress } from "../wait.js";
import { reportInstructions } from "./build.js";
import { publishedImage } from "./built.js";
import { addTag, pulledName } from "./pulled.js";

/** The name of one of our images at a registry: "quay.io/swarmhub/hub:0123456789ab" for the registry "quay.io/swarmhub". */
export const releaseReference = (registry: string, { name, reference }: OwnImage): string =>
  `${registry}/${name}:${reference.slice(reference.indexOf(":") + 1)}`;

type ObtainOptions = {
  className: string;
  registry: string;
  progress: Progress;
  login?: RegistryLogin | undefined;
  /** What a build downloads through. */
  proxy?: OutboundProxy | undefined;
};

/**
 * Brings one of our images onto a host: pulls it by digest where the registry has it under its content hash and for the
 * host's processor, else builds it.
 * The note says which. Throws UserError if the build fails.
 */
export const obtainImage = async (
  host: Host,
  image: OwnImage,
  { className, registry, progress, login, proxy }: ObtainOptions,
): Promise<StepNote> => {
  const release = releaseReference(registry, image);
  const [published, { Arch: own }] = await Promise.all([
    publishedImage(host, release, login),
    host.docker.version(),
  ]);
  const others = published?.architectures ?? [];
  const isForOthers = others.length > 0 && !others.includes(own);
  if (published === undefined || isForOthers) {
    await buildOwnImage(host, image, className, progress, proxy);
    const reason = isForOthers
      ? `has it for ${others.join(", ")} only, and this machine is ${own}`
      : "did not answer with it";
    return { note: `built, because ${registry} ${reason}` };
  }
  const byDigest = `${registry}/${image.name}@${published.digest}`;
  await pullImage(host.docker, byDigest, progress, { login });
  // The mark comes first, so that an interrupted run leaves no image that nobody removes.
  await addTag(host.docker, byDigest, pulledName(image.reference));
  await addTag(host.docker, byDigest, image.reference);
  return { note: `pulled from ${registry}` };
};

/** Builds one of our images on a host. Throws UserError with the last lines of the build. */
export const buildOwnImage = async (
  host: Host,
  image: OwnImage,
  className: string,
  progress: Progress,
  proxy: OutboundProxy | undefined,
): Promise<void> =>
  buildImage(host.docker, contextTar(image.context), {
    tag: image.reference,
    target: image.target,
    labels: { [labels.class]: className },
    ...(proxy !== undefined && { buildargs: proxyVariables(proxy) }),
    onLine: reportInstructions(progress),
  });
