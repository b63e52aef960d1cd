import { buffer } from "node:stream/consumers";
import { repositoryFrom } from "../../config/values/image.js";
import { UserError, exitCode } from "../../errors.js";
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
export const imagesBuild = (
  options: ImagesOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> => publish(options, terminal, signal, "build", build);

/** Builds them and pushes those that the registry lacks, with the login of the docker command. */
export const imagesPush = (
  options: ImagesOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  publish(options, terminal, signal, "push", async (image, reference, progress) => {
    // The name has a hash of the content: what the registry has under it needs no second push.
    if (await isAtRegistry(reference)) return;
    await build(image, reference, progress);
    progress("pushing");
    await runLocally(["docker", "push", "--quiet", reference], { title: `push ${reference}` });
  });

const publish = async (
  { registry, json }: ImagesOptions,
  terminal: Terminal,
  signal: AbortSignal,
  verb: "build" | "push",
  run: (image: OwnImage, reference: string, progress: Progress) => Promise<void>,
): Promise<void> => {
  const images = imagesAt(registry);
  const tasks = images.map(({ image, reference }) => ({
    host: "local",
    title: `${verb} ${reference}`,
    run: (progress: Progress) => run(image, reference, progress),
  }));
  await runTasksInTurn("images", tasks, terminal.report, signal);
  for (const { reference } of images) printImage(terminal, reference, json);
};

const imagesAt = (text: string): { image: OwnImage; reference: string }[] => {
  const registry = registryFrom(text);
  return allOwnImages().map((image) => ({ image, reference: releaseReference(registry, image) }));
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

const isAtRegistry = (reference: string): Promise<boolean> =>
  runLocally(["docker", "manifest", "inspect", reference], { title: "ask the registry" }).then(
    () => true,
    () => false,
  );

const registryFrom = (text: string): string => {
  try {
    return repositoryFrom(text);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { reason, hint } = error;
    throw new UserError(`"${text}": ${reason}`, { hint, code: exitCode.usage });
  }
};
