import type { Command } from "commander";
import type { ImagesOptions } from "../commands/images/publish.js";
import { examples } from "./arguments.js";
import { type Action, runCommand } from "./run.js";

/** The commands that publish swarmhub's own images. */
export const addImages = (program: Command): void => {
  const group = program
    .command("images")
    .description("show the images of users' servers; build or publish swarmhub's own images")
    .helpCommand(false);
  const add = (
    name: string,
    description: string,
    lines: readonly string[],
    load: () => Promise<Action<ImagesOptions>>,
    argument = "<registry>",
  ): void => {
    group
      .command(name)
      .description(description)
      .argument(argument, "where the images are published: quay.io/NAME")
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
    "show what `up` found in users' images; with a registry, the names of swarmhub's own there",
    ["swarmhub images ls", "swarmhub images ls quay.io/geo-courses"],
    async () => {
      const [{ imagesLs }, { imagesLooks }] = await Promise.all([
        import("../commands/images/publish.js"),
        import("../commands/images/looks.js"),
      ]);
      return (options, terminal) =>
        (options.registry === undefined ? imagesLooks : imagesLs)(options, terminal);
    },
    "[registry]",
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
