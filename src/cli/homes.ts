import { type Command, Option } from "commander";
import type { HomesArchiveOptions } from "../commands/homes/archive.js";
import type { HomesDeleteOptions } from "../commands/homes/delete.js";
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
  addQuota(group("quota").description("show, set and check what each home may hold"));
  addHome(group("homes").description("show, archive, delete and restore the users' homes"));
};

const addQuota = (group: Command): void => {
  group
    .command("ls")
    .description("show how full each home is; its last change is the newest of anything in it")
    .option("--over <percent>", "only homes that are that full, of bytes or of files", perCent)
    .addOption(
      new Option("--sort <by>", "in which order")
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
    .description("set what homes may hold, at once and for good; `default`: as configured again")
    .usage("[options] <user...> <limit>")
    .argument("[words...]", "users by login or home, then a size as 10G, or `default`")
    .option("--all", "every home that there is, instead of users", false)
    .option("--files <number>", "how many files as well: 500k, 2M, or `default`")
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
        return (given, terminal) => quotaSet({ ...given, words }, terminal);
      })(options, command),
    );

  group
    .command("check")
    .description("look whether each home has the limits that it should have (exit code 6)")
    .option("--mend", "have the watcher set right what is not, and wait for it", false)
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
    .description("show every home, whose server runs where, and the trash")
    .addHelpText("after", examples("swarmhub homes ls", "swarmhub homes ls --json"))
    .action(
      runCommand<ClassOptions>(async () => (await import("../commands/homes/ls.js")).homesLs),
    );

  group
    .command("show")
    .description("show all that is known of one home")
    .argument("<user>", "by login or home")
    .addHelpText(
      "after",
      examples("swarmhub homes show ada", "swarmhub homes show grace@example.org --json"),
    )
    .action((user: string, options: unknown, command: Command) =>
      runCommand<HomesShowOptions>(async () => {
        const { homesShow } = await import("../commands/homes/show.js");
        return (given, terminal) => homesShow({ ...given, user }, terminal);
      })(options, command),
    );

  group
    .command("archive")
    .description("write homes as HOME.tar.gz on this machine; none is overwritten")
    .argument("<user...>", "by login or home")
    .option("--to <folder>", "where to", ".")
    .addHelpText(
      "after",
      examples("swarmhub homes archive ada", "swarmhub homes archive ada grace --to /mnt/backup"),
    )
    .action((users: string[], options: unknown, command: Command) =>
      runCommand<HomesArchiveOptions>(async () => {
        const { homesArchive } = await import("../commands/homes/archive.js");
        return (given, ...rest) => homesArchive({ ...given, users }, ...rest);
      })(options, command),
    );

  group
    .command("delete")
    .description("stop the server and move the home to the trash, which is kept for some days")
    .argument("<user...>", "by login or home")
    .option("-y, --yes", "do not ask for the name", false)
    .addHelpText(
      "after",
      examples("swarmhub homes delete ada", "swarmhub homes delete ada grace --yes"),
    )
    .action((users: string[], options: unknown, command: Command) =>
      runCommand<HomesDeleteOptions>(async () => {
        const { homesDelete } = await import("../commands/homes/delete.js");
        return (given, ...rest) => homesDelete({ ...given, users }, ...rest);
      })(options, command),
    );

  group
    .command("restore")
    .description("bring a deleted home back")
    .argument("<name>", "a user, a home, or what `homes ls` shows in the trash")
    .addHelpText(
      "after",
      examples("swarmhub homes restore ada", "swarmhub homes restore ada.20261121T120000Z"),
    )
    .action((name: string, options: unknown, command: Command) =>
      runCommand<HomesRestoreOptions>(async () => {
        const { homesRestore } = await import("../commands/homes/restore.js");
        return (given, ...rest) => homesRestore({ ...given, name }, ...rest);
      })(options, command),
    );
};
