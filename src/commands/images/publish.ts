import { buffer } from "node:stream/consumers";
import { repositoryFrom } from "../../config/values/image.js";
import { CommandError, UserError, exitCode } from "../../errors.js";
import { runLocally } from "../../host/local.js";
import { allOwnImages } from "../../images/own.js";
import { releaseReference } from "../../images/release.js";
import { type OwnImage, contextTar } from "../../operator/own-images.js";
import { runTasksInTurn } from "../../reconcile/run-tasks.js";
import type { Terminal } from "../../report/terminal.js";
import type { Progress } from "../../wait.js";
import type { ClassOptions } from "../shared/session.js";

/** The options of `swarmhub images build` and `swarmhub images push`. */
export type ImagesOptions = ClassOptions & { registry: string };

/** Prints the names of our own images at a registry, and does nothing else. */
export const imagesLs = async (
  { registry, json }: ImagesOptions,
  terminal: Terminal,
): Promise<void> => {
  for (const { reference } of imagesAt(registry)) printImage(terminal, reference, json);
};

/** Builds our own images with the docker command of this machine, under their names at the registry. */
export const imagesBuild = (...arguments_: Arguments): Promise<void> =>
  publish("build", build, ...arguments_);

/** Builds them and pushes those that the registry lacks, with the login of the docker command. */
export const imagesPush = (...arguments_: Arguments): Promise<void> =>
  publish(
    "push",
    async (image, reference, progress) => {
      // The name has a hash of the content: what the registry has under it needs no second push.
      if (await isAtRegistry(reference)) return;
      await build(image, reference, progress);
      progress("pushing");
      await runLocally(["docker", "push", "--quiet", reference], { title: `push ${reference}` });
    },
    ...arguments_,
  );

type Arguments = [
  options: ImagesOptions,
  terminal: Terminal,
  signal: AbortSignal,
  ours?: () => OwnImage[],
];

const publish = async (
  verb: "build" | "push",
  run: (image: OwnImage, reference: string, progress: Progress) => Promise<void>,
  ...[{ registry, json }, terminal, signal, ours]: Arguments
): Promise<void> => {
  const images = imagesAt(registry, ours);
  await requireDocker();
  const tasks = images.map(({ image, reference }) => ({
    host: "local",
    title: `${verb} ${reference}`,
    run: (progress: Progress) => run(image, reference, progress),
  }));
  await runTasksInTurn("images", tasks, terminal.report, signal);
  for (const { reference } of images) printImage(terminal, reference, json);
};

/** Otherwise each image would fail with the same reason. */
const requireDocker = async (): Promise<void> => {
  try {
    await runLocally(["docker", "version", "--format", "{{.Server.Version}}"], { title: "" });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const reason = error.output.stderr.trim().split("\n").at(-1) ?? "";
    throw new UserError(
      `Docker does not answer on this machine, and images are built with it: ${reason}`,
      { hint: "install or start Docker, or set DOCKER_HOST; to test it, type `docker version`" },
    );
  }
};

const imagesAt = (text: string, ours = allOwnImages): { image: OwnImage; reference: string }[] => {
  const registry = registryFrom(text);
  return ours().map((image) => ({ image, reference: releaseReference(registry, image) }));
};

const printImage = (terminal: Terminal, image: string, json: boolean): void =>
  terminal.print(json ? JSON.stringify({ type: "result", image }) : image);

const build = async (image: OwnImage, reference: string, progress: Progress): Promise<void> => {
  progress("building");
  await runLocally(
    ["docker", "build", "--quiet", "--target", image.target, "--tag", reference, "-"],
    {
      title: `build ${reference}`,
      input: await buffer(contextTar(image.context)),
    },
  );
};

// Docker Engine itself speaks to a registry on its own machine without TLS. This command must be told, or finds nothing there.
const isAtRegistry = (reference: string): Promise<boolean> => {
  const plain = /^(localhost|127(\.\d+){3})[:/]/.test(reference) ? ["--insecure"] : [];
  const argv = ["docker", "manifest", "inspect", ...plain, reference];
  return runLocally(argv, { title: "ask the registry" }).then(
    () => true,
    () => false,
  );
};

const registryFrom = (text: string): string => {
  try {
    return repositoryFrom(text);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { reason, hint } = error;
    throw new UserError(`"${text}": ${reason}`, { hint, code: exitCode.usage });
  }
};
