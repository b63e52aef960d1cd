import { type Command, InvalidArgumentError, Option } from "commander";
import type { WarmOptions } from "../commands/warm.js";
import { type Moment, momentFrom, nextMoment } from "../config/values/moment.js";
import { examples, moment } from "./arguments.js";
import { runCommand } from "./run.js";

const timeOrMoment = (text: string): Moment => {
  if (!/^\d{1,2}:\d\d$/.test(text.trim())) return moment(text);
  try {
    return nextMoment(text.trim());
  } catch {
    throw new InvalidArgumentError(`Expected a time such as 08:50, or ${momentFrom.example}.`);
  }
};

/** The command that starts servers before their users come. */
export const addWarm = (program: Command): void => {
  program
    .command("warm")
    .description(
      "start the servers of the roster, now or before a lesson; they take no place in the queue",
    )
    .addOption(
      new Option(
        "--at <time>",
        "when they should be ready, in the time zone of this machine: 08:50, or a date and a time",
      ).argParser(timeOrMoment),
    )
    .option("--group <group>", "only the members of this group")
    .addOption(
      new Option("--cancel", "forget what was planned with --at, and start no further server")
        .default(false)
        .conflicts(["at", "group"]),
    )
    .addHelpText(
      "after",
      examples("swarmhub warm", "swarmhub warm --at 08:50 --group A", "swarmhub warm --cancel"),
    )
    .action(runCommand<WarmOptions>(async () => (await import("../commands/warm.js")).warm));
};
