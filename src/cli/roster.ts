import type { Command } from "commander";
import type { RosterCheckOptions } from "../commands/roster/check.js";
import type { RosterAddOptions, RosterRemoveOptions } from "../commands/roster/edit.js";
import type { RosterSlipsOptions } from "../commands/roster/slips.js";
import type { ClassOptions } from "../commands/shared/session.js";
import { examples, repeatable } from "./arguments.js";
import { runCommand } from "./run.js";

/** The commands on the roster: who may log in. */
export const addRoster = (program: Command): void => {
  const group = program
    .command("roster")
    .description("check, show and change who may log in; print slips with passwords")
    .helpCommand(false);
  addCheck(group);
  addEdits(group);
  addPasswords(group);
};

const addCheck = (group: Command): void => {
  group
    .command("check")
    .description("show who becomes which user name, and all that is wrong; needs no class")
    .argument("[file]", "a CSV file; without it the one of the configuration")
    .option("--user-name <header>", "of a file: the column with user names")
    .option("--group <header>", "of a file: the column with groups")
    .addHelpText(
      "after",
      examples(
        "swarmhub roster check",
        "swarmhub roster check students.csv --user-name 'Email address'",
      ),
    )
    .action((file: string | undefined, options: unknown, command: Command) =>
      runCommand<RosterCheckOptions>(async () => {
        const { rosterCheck } = await import("../commands/roster/check.js");
        return (all, terminal) =>
          rosterCheck({ ...all, ...(file !== undefined && { file }) }, terminal);
      })(options, command),
    );

  group
    .command("ls")
    .description("show who may log in, and how the file differs from that")
    .addHelpText("after", examples("swarmhub roster ls", "swarmhub roster ls --json"))
    .action(
      runCommand<ClassOptions>(async () => (await import("../commands/roster/ls.js")).rosterLs),
    );
};

const addEdits = (group: Command): void => {
  changing(group, "add", "add people to the file and to the running class, with slips")
    .argument("<user...>", "user names, or e-mail addresses where the file has those")
    .option("--name <name>", "the name of the person")
    .option("--group <group>", "a group of the people; repeat it for each", repeatable, [])
    .addHelpText(
      "after",
      examples(
        "swarmhub roster add dora --name 'Dora Diaz' --group geo",
        "swarmhub roster add dora@example.org emil@example.org",
      ),
    )
    .action((users: string[], options: unknown, command: Command) =>
      runCommand<RosterAddOptions>(async () => {
        const { rosterAdd } = await import("../commands/roster/edit.js");
        return (all, ...rest) => rosterAdd({ ...all, users }, ...rest);
      })(options, command),
    );

  changing(group, "remove", "remove people from the file and the running class; homes stay")
    .argument("<user...>", "user names")
    .addHelpText("after", examples("swarmhub roster remove dora", "swarmhub roster remove ada bob"))
    .action((users: string[], options: unknown, command: Command) =>
      runCommand<RosterRemoveOptions>(async () => {
        const { rosterRemove } = await import("../commands/roster/edit.js");
        return (all, ...rest) => rosterRemove({ ...all, users }, ...rest);
      })(options, command),
    );
};

const addPasswords = (group: Command): void => {
  changing(group, "reset", "make new passwords for people who lost theirs, with slips")
    .argument("<user...>", "user names")
    .addHelpText("after", examples("swarmhub roster reset ada", "swarmhub roster reset ada bob"))
    .action(slips);

  changing(group, "slips", "write slips to print; each has a new password, which ends the old one")
    .argument("[user...]", "user names; without them everybody, after a question")
    .addHelpText("after", examples("swarmhub roster slips", "swarmhub roster slips ada bob"))
    .action(slips);
};

const slips = (users: string[], options: unknown, command: Command): Promise<void> =>
  runCommand<RosterSlipsOptions>(async () => {
    const { rosterSlips } = await import("../commands/roster/slips.js");
    return (all, ...rest) => rosterSlips({ ...all, users }, ...rest);
  })(options, command);

const changing = (group: Command, name: string, description: string): Command =>
  group
    .command(name)
    .description(description)
    .option("-y, --yes", "do not ask", false)
    .option("--break-lock", "take over the lock of another operator", false);
