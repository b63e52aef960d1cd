import { type Command, Option } from "commander";
import type { JoinOptions } from "../commands/join.js";
import type { LeaveOptions } from "../commands/leave.js";
import { examples, milliseconds } from "./arguments.js";
import { runCommand } from "./run.js";

/** The commands that add machines to a class that is up, and take them away. */
export const addMembership = (program: Command): void => {
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
      runCommand<JoinOptions>(async () => {
        const { join } = await import("../commands/join.js");
        return (given, ...rest) => join({ ...given, hosts }, ...rest);
      })(options, command),
    );

  program
    .command("leave")
    .description(
      "take workers out of a class that is up, their servers first, and out of its configuration",
    )
    .argument("<host...>", "as the configuration names each")
    .addOption(
      new Option("--now", "stop their servers and start them elsewhere at once")
        .default(false)
        .conflicts(["whenIdle", "gone"]),
    )
    .addOption(
      new Option("--when-idle", "wait until nobody is at work there, however long that takes")
        .default(false)
        .conflicts("gone"),
    )
    .addOption(
      new Option("--grace <duration>", "how long to wait for who is at work")
        .argParser(milliseconds)
        .default(600_000, "10m")
        .conflicts(["now", "whenIdle", "gone"]),
    )
    .option("--gone", "the machine is dead and will not come back", false)
    .option("-y, --yes", "agree beforehand that servers are stopped", false)
    .option("--break-lock", "take over from an operator who is gone", false)
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
        return (given, ...rest) => leave({ ...given, hosts }, ...rest);
      })(options, command),
    );
};
