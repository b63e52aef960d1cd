import { type Command, Option } from "commander";
import type { CollectOptions } from "../commands/collect.js";
import type { HandoutOptions } from "../commands/handout.js";
import type { LinkOptions } from "../commands/link.js";
import { examples, size } from "./arguments.js";
import { runCommand } from "./run.js";

/** The commands on the files of a lesson. */
export const addTeaching = (program: Command): void => {
  program
    .command("handout")
    .description("put a file or folder into all homes, and into those of late-comers")
    .argument("<path>", "file or folder on this machine; it has the same name in each home")
    .option("--to <group|user...>", "only these groups or users, instead of everyone")
    .option("--dry-run", "show what would happen in each home; change nothing", false)
    .option("--take-back", "remove it where it is untouched", false)
    .addHelpText(
      "after",
      examples(
        "swarmhub handout ./week2 --dry-run",
        "swarmhub handout ./week2 --to group-a grace@example.org",
        "swarmhub handout ./week2 --take-back",
      ),
    )
    .action((path: string, options: unknown, command: Command) =>
      runCommand<HandoutOptions>(async () => {
        const { handout } = await import("../commands/handout.js");
        return (all, ...rest) => handout({ ...all, path }, ...rest);
      })(options, command),
    );

  program
    .command("collect")
    .description("copy a file or folder of every home to this machine, in nbgrader's layout")
    .argument("<path>", "file or folder in the homes: hw1.ipynb, week2/hw1.ipynb, hw1")
    .option("--to <folder>", "target folder; what is there is kept", "collected")
    .addOption(
      new Option("--max <size>", "the most that is copied from one home")
        .argParser(size)
        .default(size("50M"), "50M"),
    )
    .addHelpText(
      "after",
      examples("swarmhub collect hw1.ipynb", "swarmhub collect week2 --to ~/geo-101 --max 200M"),
    )
    .action((path: string, options: unknown, command: Command) =>
      runCommand<CollectOptions>(async () => {
        const { collect } = await import("../commands/collect.js");
        return (all, terminal) => collect({ ...all, path }, terminal);
      })(options, command),
    );

  program
    .command("link")
    .description(
      "print an address that opens a file of `servers.content` in each user's own server",
    )
    .argument("[path]", "file or folder in the repository; by default its top")
    .addHelpText("after", examples("swarmhub link", "swarmhub link week2/lab1.ipynb"))
    .action((path: string | undefined, options: unknown, command: Command) =>
      runCommand<LinkOptions>(async () => {
        const { link } = await import("../commands/link.js");
        return (all, terminal) => link({ ...all, path }, terminal);
      })(options, command),
    );
};
