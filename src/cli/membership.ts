import { type Command, Option } from "commander";
import type { JoinOptions } from "../commands/join.js";
import type { LeaveOptions } from "../commands/leave.js";
import { examples, milliseconds } from "./arguments.js";
import { runCommand } from "./run.js";

/** The commands that add machines to a running class, and remove them. */
export const addMembership = (program: Command): void => {
  program
    .command("join")
    .description("add machines to a running class and to its configuration")
    .argument("<host...>", "SSH destination of each machine")
    .option("--address <ip>", "IPv4 address by which the other machines reach it")
    .addOption(
      new Option("--wait <duration>", "how long to wait for a machine that is booting")
        .argParser(milliseconds)
        .default(180_000, "3m"),
    )
    .option("-y, --yes", "do not ask before destructive steps", false)
    .option("--break-lock", "take over the lock of another operator", false)
    .addHelpText(
      "after",
      examples(
        "swarmhub join debian@203.0.113.13",
        "swarmhub join debian@203.0.113.13 debian@203.0.113.14 --wait 5m --accept-new-host-keys",
      ),
    )
    .action((hosts: string[], options: unknown, command: Command) =>
      runCommand<JoinOptions>(async () => {
        const { join } = await import("../commands/join.js");
        return (all, ...rest) => join({ ...all, hosts }, ...rest);
      })(options, command),
    );

  program
    .command("leave")
    .description(
      "remove workers from a running class and its configuration; move their servers first",
    )
    .argument("<host...>", "each machine, as the configuration names it")
    .addOption(
      new Option("--now", "move their servers at once, also those in use")
        .default(false)
        .conflicts(["whenIdle", "gone"]),
    )
    .addOption(
      new Option("--when-idle", "wait until every server there is idle, however long that takes")
        .default(false)
        .conflicts("gone"),
    )
    .addOption(
      new Option("--grace <duration>", "how long to wait for servers in use")
        .argParser(milliseconds)
        .default(600_000, "10m")
        .conflicts(["now", "whenIdle", "gone"]),
    )
    .option("--gone", "remove machines that are dead and will not come back", false)
    .option("-y, --yes", "do not ask before servers are stopped", false)
    .option("--break-lock", "take over the lock of another operator", false)
    .addHelpText(
      "after",
      examples(
        "swarmhub leave debian@203.0.113.13 --when-idle",
        "swarmhub leave --gone debian@203.0.113.14",
      ),
    )
    .action((hosts: string[], options: unknown, command: Command) =>
      runCommand<LeaveOptions>(async () => {
        const { leave } = await import("../commands/leave.js");
        return (all, ...rest) => leave({ ...all, hosts }, ...rest);
      })(options, command),
    );
};
