import type { Command } from "commander";
import type { ImagesOptions } from "../commands/images/publish.js";
import { examples } from "./arguments.js";
import { type Action, runCommand } from "./run.js";

/** The commands that publish swarmhub's own images. */
export const addImages = (program: Command): void => {
  const group = program
    .command("images")
    .description("build or publish swarmhub's own images (hub, proxy, edge, quota, registry)")
    .helpCommand(false);
  const add = (
    name: string,
    description: string,
    lines: readonly string[],
    load: () => Promise<Action<ImagesOptions>>,
  ): void => {
    group
      .command(name)
      .description(description)
      .argument("<registry>", "where the images are published: quay.io/NAME")
      .addHelpText("after", examples(...lines))
      .action((registry: string, options: unknown, command: Command) =>
        runCommand<ImagesOptions>(async () => {
          const run = await load();
          return (given, ...rest) => run({ ...given, registry }, ...rest);
        })(options, command),
      );
  };
  add(
    "ls",
    "print the names of the images at a registry",
    ["swarmhub images ls quay.io/geo-courses"],
    async () => (await import("../commands/images/publish.js")).imagesLs,
  );
  add(
    "build",
    "build the images with Docker on this machine",
    ["swarmhub images build quay.io/geo-courses"],
    async () => (await import("../commands/images/publish.js")).imagesBuild,
  );
  add(
    "push",
    "build the images and push those that the registry does not have",
    ["docker login quay.io", "swarmhub images push quay.io/geo-courses"],
    async () => (await import("../commands/images/publish.js")).imagesPush,
  );
};
