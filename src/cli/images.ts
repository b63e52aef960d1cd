import type { Command } from "commander";
import type { ImagesOptions } from "../commands/images/publish.js";
import { examples } from "./arguments.js";
import { runCommand } from "./run.js";

/** The commands that publish swarmhub's own images. */
export const addImages = (program: Command): void => {
  const group = program
    .command("images")
    .description("build or publish swarmhub's own images (hub, proxy, edge, quota, registry)")
    .helpCommand(false);

  group
    .command("build")
    .description("build the images with Docker on this machine")
    .argument("<registry>", "where they will be published: quay.io/NAME")
    .addHelpText("after", examples("swarmhub images build quay.io/geo-courses"))
    .action((registry: string, options: unknown, command: Command) =>
      runCommand<ImagesOptions>(async () => {
        const { imagesBuild } = await import("../commands/images/publish.js");
        return (given, ...rest) => imagesBuild({ ...given, registry }, ...rest);
      })(options, command),
    );

  group
    .command("push")
    .description("build the images and push those that the registry does not have")
    .argument("<registry>", "where they are published: quay.io/NAME")
    .addHelpText(
      "after",
      examples("docker login quay.io", "swarmhub images push quay.io/geo-courses"),
    )
    .action((registry: string, options: unknown, command: Command) =>
      runCommand<ImagesOptions>(async () => {
        const { imagesPush } = await import("../commands/images/publish.js");
        return (given, ...rest) => imagesPush({ ...given, registry }, ...rest);
      })(options, command),
    );
};
