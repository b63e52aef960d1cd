import { type Command, Option } from "commander";
import type { CloseOptions } from "../commands/close.js";
import type { ClassOptions } from "../commands/shared/session.js";
import { examples, milliseconds, moment } from "./arguments.js";
import { runCommand } from "./run.js";

/** The commands that close a class and open it again. */
export const addClosing = (program: Command): void => {
  program
    .command("close")
    .description("let only teachers and admins log in; end all other logins")
    .addOption(
      new Option(
        "--stop-after <duration>",
        "when to stop the servers that still run, at most 7d; without it they run on",
      ).argParser(milliseconds),
    )
    .addOption(
      new Option(
        "--until <time>",
        "when the class opens again by itself, in the time zone of this machine",
      ).argParser(moment),
    )
    .addHelpText(
      "after",
      examples(
        "swarmhub close --stop-after 10m",
        'swarmhub close --stop-after 10m --until "2026-12-01 09:00"',
      ),
    )
    .action(runCommand<CloseOptions>(async () => (await import("../commands/close.js")).close));

  program
    .command("reopen")
    .description("let everybody log in again after `close`")
    .addHelpText("after", examples("swarmhub reopen"))
    .action(runCommand<ClassOptions>(async () => (await import("../commands/reopen.js")).reopen));
};
