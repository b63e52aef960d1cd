#!/usr/bin/env node
import { Argument, Command, CommanderError } from "commander";
import { repeatable, examples, positive } from "./cli/arguments.js";
import { type Shell, completion, shells } from "./cli/completion.js";
import { addHomes } from "./cli/homes.js";
import { addMembership } from "./cli/membership.js";
import { runCommand } from "./cli/run.js";
import { addTls } from "./cli/tls.js";
import type { DownOptions } from "./commands/down.js";
import type { InitOptions } from "./commands/init/answers.js";
import type { LogsOptions } from "./commands/logs.js";
import { parts } from "./commands/logs/find-container.js";
import type { OpenOptions } from "./commands/open.js";
import type { ClassOptions } from "./commands/shared/session.js";
import type { UpOptions } from "./commands/up.js";
import { exitCode } from "./errors.js";
import { outliveReaders } from "./report/terminal.js";

const program = new Command("swarmhub")
  .description("Turns a few blank Linux VMs into a JupyterHub class on Docker Swarm.")
  .version("0.1.0")
  .option("-c, --config <file>", "the configuration", "swarmhub.yaml")
  .option("--ssh-config <file>", "another file than ~/.ssh/config")
  .option("--accept-new-host-keys", "trust machines that are not in known_hosts yet", false)
  .option("--jobs <number>", "machines at work at once", positive, 16)
  .option("--json", "events and results as JSON", false)
  .option("--debug", "errors with their stack", false)
  .exitOverride()
  .showSuggestionAfterError();

program
  .command("init")
  .description("write a commented swarmhub.yaml, by three questions or by flags")
  .option("--name <name>", "the class's name")
  .option("--manager <host>", "what you type after ssh to reach the manager, or local")
  .option("--worker <host>", "the same for a worker; once for each", repeatable)
  .option("--device <path>", "a blank disk of the manager for the homes")
  .option("--file <size>", "instead of a disk: a file of that size on the manager's root disk")
  .option("--domain <name>", "the name that browsers will use")
  .option("--letsencrypt <email>", "have Let's Encrypt give out the certificate for that name")
  .addHelpText(
    "after",
    examples(
      "swarmhub init",
      "swarmhub init --manager debian@203.0.113.10 --worker debian@203.0.113.11 --device /dev/vdb",
    ),
  )
  .action(
    runCommand<InitOptions & ClassOptions>(async () => {
      const { init } = await import("./commands/init.js");
      return (options, { ask, print }) =>
        init(options, { ask: (question) => ask(`${question} `), write: print });
    }),
  );

program
  .command("up")
  .description("make the machines what the configuration says; run it again after any change")
  .option("-y, --yes", "agree beforehand to what is asked, as formatting a blank disk", false)
  .option("--break-lock", "take over from an operator who is gone", false)
  .addHelpText("after", examples("swarmhub up", "swarmhub up --yes --config spring.yaml"))
  .action(runCommand<UpOptions>(async () => (await import("./commands/up.js")).up));

program
  .command("check")
  .description(
    "look at the machines for what stands in the way of `up` (exit code 3); change nothing",
  )
  .addHelpText("after", examples("swarmhub check", "swarmhub check --json --config spring.yaml"))
  .action(runCommand<ClassOptions>(async () => (await import("./commands/check.js")).check));

program
  .command("plan")
  .description("show what `up` would do, and change nothing")
  .addHelpText("after", examples("swarmhub plan", "swarmhub plan --json"))
  .action(runCommand<ClassOptions>(async () => (await import("./commands/plan.js")).plan));

program
  .command("status")
  .description("show each part as wanted or what differs (exit code 6), the seats and who is in")
  .addHelpText("after", examples("swarmhub status", "swarmhub status --json"))
  .action(runCommand<ClassOptions>(async () => (await import("./commands/status.js")).status));

program
  .command("logs")
  .description("show what a part of the system or a user's server said")
  .addArgument(new Argument("<part|user>", `${parts.join(", ")}, or a user's name`))
  .option("-f, --follow", "and what it says from now on, until Ctrl-C", false)
  .option("-n, --lines <number>", "so many of the last lines", positive, 100)
  .addHelpText("after", examples("swarmhub logs hub -f", "swarmhub logs ada --lines 20"))
  .action((part: string, options: unknown, command: Command) =>
    runCommand<LogsOptions>(async () => {
      const { logs } = await import("./commands/logs.js");
      return (given, terminal, signal) => logs({ ...given, part }, terminal, signal);
    })(options, command),
  );

addMembership(program);
addHomes(program);
addTls(program);

program
  .command("open")
  .description("print the address of the class")
  .option("--passwords", "and the passwords to log in with", false)
  .addHelpText("after", examples("xdg-open $(swarmhub open)", "swarmhub open --passwords"))
  .action(runCommand<OpenOptions>(async () => (await import("./commands/open.js")).open));

program
  .command("down")
  .description("take the class away; the homes stay, and what an authority of certificates gave")
  .option("--delete-homes", "erase every home as well (asks for the name of the class)", false)
  .option("--delete-certificates", "remove the authority's certificates as well", false)
  .option("-y, --yes", "do not ask", false)
  .option("--break-lock", "take over from an operator who is gone", false)
  .addHelpText("after", examples("swarmhub down", "swarmhub down --delete-homes"))
  .action(runCommand<DownOptions>(async () => (await import("./commands/down.js")).down));

program
  .command("completion")
  .description("print what makes a shell complete this command")
  .addArgument(new Argument("<shell>").choices(shells))
  .addHelpText(
    "after",
    examples(
      'eval "$(swarmhub completion bash)"',
      "swarmhub completion fish > ~/.config/fish/completions/swarmhub.fish",
    ),
  )
  .action((shell: Shell, options: unknown, command: Command) =>
    runCommand<ClassOptions>(async () => async (_given, { print }) => {
      print(completion(program, shell, { logs: parts }).trimEnd());
    })(options, command),
  );

// Not only where a command has its terminal: `--help` is written before there is one.
outliveReaders();

try {
  await program.parseAsync();
} catch (error) {
  // commander has said what is wrong; its own code for a usage error is 1.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.usage;
}
