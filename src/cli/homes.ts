import { type Command, Option } from "commander";
import type { HomesArchiveOptions } from "../commands/homes/archive.js";
import type { HomesDeleteOptions } from "../commands/homes/delete.js";
import type { HomesRenameOptions } from "../commands/homes/rename.js";
import type { HomesRestoreOptions } from "../commands/homes/restore.js";
import type { HomesShowOptions } from "../commands/homes/show.js";
import type { QuotaCheckOptions } from "../commands/quota/check.js";
import type { QuotaLsOptions } from "../commands/quota/ls.js";
import type { QuotaSetOptions } from "../commands/quota/set.js";
import type { ClassOptions } from "../commands/shared/session.js";
import { examples, perCent } from "./arguments.js";
import { runCommand } from "./run.js";

/** The commands on quotas and homes. */
export const addHomes = (program: Command): void => {
  const group = (name: string): Command => program.command(name).helpCommand(false);
  addQuota(group("quota").description("show, set and check the limits of homes"));
  addHome(group("homes").description("show, archive, delete, restore and rename homes"));
};

const addQuota = (group: Command): void => {
  group
    .command("ls")
    .description("show the usage, the limits and the newest change of each home")
    .option("--over <percent>", "only homes at or above this share of a limit", perCent)
    .addOption(
      new Option("--sort <by>", "sort order")
        .choices(["name", "used", "limit", "files", "changed"])
        .default("name"),
    )
    .addHelpText(
      "after",
      examples("swarmhub quota ls --sort used", "swarmhub quota ls --over 80 --json"),
    )
    .action(
      runCommand<QuotaLsOptions>(async () => (await import("../commands/quota/ls.js")).quotaLs),
    );

  group
    .command("set")
    .description("set limits of homes at once; `default` restores the configured ones")
    .usage("[options] <user...> <limit>")
    .argument("[words...]", "users (login or home), then a size such as 10G, or `default`")
    .option("--all", "every home, instead of users", false)
    .option("--files <number>", "maximum number of files: 500k, 2M, or `default`")
    .addHelpText(
      "after",
      examples(
        "swarmhub quota set ada grace@example.org 10G --files 500k",
        "swarmhub quota set --all 5G",
        "swarmhub quota set ada default",
      ),
    )
    .action((words: string[], options: unknown, command: Command) =>
      runCommand<QuotaSetOptions>(async () => {
        const { quotaSet } = await import("../commands/quota/set.js");
        return (all, terminal) => quotaSet({ ...all, words }, terminal);
      })(options, command),
    );

  group
    .command("check")
    .description("check that each home has the limits that it should have (exit code 6)")
    .option("--mend", "let the watcher repair wrong limits, and wait for it", false)
    .addHelpText("after", examples("swarmhub quota check", "swarmhub quota check --mend"))
    .action(
      runCommand<QuotaCheckOptions>(
        async () => (await import("../commands/quota/check.js")).quotaCheck,
      ),
    );
};

const addHome = (group: Command): void => {
  group
    .command("ls")
    .description("show homes, running servers and the trash")
    .addHelpText("after", examples("swarmhub homes ls", "swarmhub homes ls --json"))
    .action(
      runCommand<ClassOptions>(async () => (await import("../commands/homes/ls.js")).homesLs),
    );

  group
    .command("show")
    .description("show everything about one home")
    .argument("<user>", "login or home")
    .addHelpText(
      "after",
      examples("swarmhub homes show ada", "swarmhub homes show grace@example.org --json"),
    )
    .action((user: string, options: unknown, command: Command) =>
      runCommand<HomesShowOptions>(async () => {
        const { homesShow } = await import("../commands/homes/show.js");
        return (all, terminal) => homesShow({ ...all, user }, terminal);
      })(options, command),
    );

  group
    .command("archive")
    .description("save homes as HOME.tar.gz on this machine; never overwrite a file")
    .argument("[user...]", "login or home")
    .option("--removed", "instead of users: everybody who is no longer on the roster", false)
    .option("--to <folder>", "target folder", ".")
    .addHelpText(
      "after",
      examples(
        "swarmhub homes archive ada",
        "swarmhub homes archive ada grace --to /mnt/backup",
        "swarmhub homes archive --removed",
      ),
    )
    .action((users: string[], options: unknown, command: Command) =>
      runCommand<HomesArchiveOptions>(async () => {
        const { homesArchive } = await import("../commands/homes/archive.js");
        return (all, ...rest) => homesArchive({ ...all, users }, ...rest);
      })(options, command),
    );

  group
    .command("delete")
    .description("stop the server and move the home to the trash, which keeps it for some days")
    .argument("<user...>", "login or home")
    .option("-y, --yes", "do not ask", false)
    .addHelpText(
      "after",
      examples("swarmhub homes delete ada", "swarmhub homes delete ada grace --yes"),
    )
    .action((users: string[], options: unknown, command: Command) =>
      runCommand<HomesDeleteOptions>(async () => {
        const { homesDelete } = await import("../commands/homes/delete.js");
        return (all, ...rest) => homesDelete({ ...all, users }, ...rest);
      })(options, command),
    );

  group
    .command("restore")
    .description("restore a home from the trash")
    .argument("<name>", "login, home, or entry of the trash as `homes ls` shows it")
    .addHelpText(
      "after",
      examples("swarmhub homes restore ada", "swarmhub homes restore ada.20261121T120000Z"),
    )
    .action((name: string, options: unknown, command: Command) =>
      runCommand<HomesRestoreOptions>(async () => {
        const { homesRestore } = await import("../commands/homes/restore.js");
        return (all, ...rest) => homesRestore({ ...all, name }, ...rest);
      })(options, command),
    );

  group
    .command("rename")
    .description(
      "give a home to another user name, with its limits; after an interruption, run it again",
    )
    .argument("<old>", "login or home")
    .argument("<new>", "login, which must not have a home yet")
    .addHelpText("after", examples("swarmhub homes rename ada ada.lovelace@example.org"))
    .action((from: string, to: string, options: unknown, command: Command) =>
      runCommand<HomesRenameOptions>(async () => {
        const { homesRename } = await import("../commands/homes/rename.js");
        return (all, ...rest) => homesRename({ ...all, from, to }, ...rest);
      })(options, command),
    );
};
