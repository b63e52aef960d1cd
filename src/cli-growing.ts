import { Option, type Command } from "commander";
import { act } from "./act.js";
import { examples, milliseconds } from "./cli-words.js";
import type { JoinOptions } from "./commands/join.js";

/** The commands that add machines to a class that is up, and take them away. */
export const addGrowing = (program: Command): void => {
  program
    .command("join")
    .description("add machines to a class that is up, and to its configuration")
    .argument("<host...>", "what you type after ssh to reach each")
    .option("--address <ip>", "the IPv4 address by which the other machines reach it")
    .addOption(
      new Option("--wait <duration>", "how long to wait for a machine that still boots")
        .argParser(milliseconds)
        .default(180_000, "3m"),
    )
    .option("-y, --yes", "agree beforehand to what is asked", false)
    .option("--break-lock", "take over from an operator who is gone", false)
    .addHelpText(
      "after",
      examples(
        "swarmhub join debian@203.0.113.13",
        "swarmhub join debian@203.0.113.13 debian@203.0.113.14 --wait 5m --accept-new-host-keys",
      ),
    )
    .action((hosts: string[], options: unknown, command: Command) =>
      act<JoinOptions>(async () => {
        const { join } = await import("./commands/join.js");
        return (given, ...rest) => join({ ...given, hosts }, ...rest);
      })(options, command),
    );
};
