import { Argument, Command } from "commander";
import type { DownOptions } from "../commands/down.js";
import type { InitOptions } from "../commands/init/answers.js";
import type { LogsOptions } from "../commands/logs.js";
import { parts } from "../commands/logs/find-container.js";
import type { OpenOptions } from "../commands/open.js";
import type { ClassOptions } from "../commands/shared/session.js";
import type { UpOptions } from "../commands/up.js";
import { examples, positive, repeatable } from "./arguments.js";
import { type Shell, completion, shells } from "./completion.js";
import { helpFormat } from "./help.js";
import { addAnnounce } from "./announce.js";
import { addClosing } from "./closing.js";
import { addHomes } from "./homes.js";
import { addMembership } from "./membership.js";
import { addRoom } from "./room.js";
import { addRehearse } from "./rehearse.js";
import { runCommand } from "./run.js";
import { addImages } from "./images.js";
import { addRoster } from "./roster.js";
import { addTeaching } from "./teaching.js";
import { addTls } from "./tls.js";
import { readVersion } from "./version.js";
import { addWarm } from "./warm.js";

/** All of `swarmhub`: its commands with their options, none of them run. */
export const createProgram = (): Command => {
  const program = new Command("swarmhub")
    .description("Turns a few blank Linux VMs into a JupyterHub class on Docker Swarm.")
    .version(readVersion())
    .option("-c, --config <file>", "configuration file", "swarmhub.yaml")
    .option("--ssh-config <file>", "SSH configuration to use instead of ~/.ssh/config")
    .option("--accept-new-host-keys", "trust host keys that are not in known_hosts yet", false)
    .option("--jobs <number>", "how many machines to change at the same time", positive, 16)
    .option("--json", "print events and results as JSON", false)
    .option("--debug", "print errors with their stack trace", false)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp(helpFormat);
  addInit(program);
  addUp(program);
  addQueries(program);
  addRoom(program);
  addAnnounce(program);
  addRehearse(program);
  addWarm(program);
  addMembership(program);
  addClosing(program);
  addHomes(program);
  addRoster(program);
  addTeaching(program);
  addTls(program);
  addImages(program);
  addOpenAndDown(program);
  addCompletion(program);
  return program;
};

const addInit = (program: Command): void => {
  program
    .command("init")
    .description("write a commented swarmhub.yaml from three questions or from options")
    .option("--name <name>", "name of the class")
    .option("--manager <host>", "SSH destination of the manager, or `local`")
    .option("--worker <host>", "SSH destination of a worker; repeat it for each", repeatable)
    .option("--device <path>", "blank disk of the manager for the homes")
    .option("--file <size>", "instead of --device: a file of this size on the manager's root disk")
    .option("--domain <name>", "domain name that browsers use")
    .option("--letsencrypt <email>", "get a certificate for the domain from Let's Encrypt")
    .addHelpText(
      "after",
      examples(
        "swarmhub init",
        "swarmhub init --manager debian@203.0.113.10 --worker debian@203.0.113.11 --device /dev/vdb",
      ),
    )
    .action(
      runCommand<InitOptions & ClassOptions>(async () => {
        const { init } = await import("../commands/init.js");
        return (options, { ask, print }) =>
          init(options, { ask: (question) => ask(`${question} `), write: print });
      }),
    );
};

const addUp = (program: Command): void => {
  program
    .command("up")
    .description("set up the machines as configured; run it again after any change")
    .option(
      "-y, --yes",
      "do not ask before destructive steps, such as formatting a blank disk",
      false,
    )
    .option("--break-lock", "take over the lock of another operator", false)
    .addHelpText("after", examples("swarmhub up", "swarmhub up --yes --config spring.yaml"))
    .action(runCommand<UpOptions>(async () => (await import("../commands/up.js")).up));
};

/** The commands that change nothing. */
const addQueries = (program: Command): void => {
  program
    .command("check")
    .description("find what would make `up` fail (exit code 3); change nothing")
    .addHelpText("after", examples("swarmhub check", "swarmhub check --json --config spring.yaml"))
    .action(runCommand<ClassOptions>(async () => (await import("../commands/check.js")).check));

  program
    .command("plan")
    .description("show what `up` would do; change nothing")
    .addHelpText("after", examples("swarmhub plan", "swarmhub plan --json"))
    .action(runCommand<ClassOptions>(async () => (await import("../commands/plan.js")).plan));

  program
    .command("status")
    .description("show drift (exit code 6), seats and running servers")
    .addHelpText("after", examples("swarmhub status", "swarmhub status --json"))
    .action(runCommand<ClassOptions>(async () => (await import("../commands/status.js")).status));

  program
    .command("logs")
    .description("show the log of a part of the system or of a user's server")
    .addArgument(new Argument("<part|user>", `${parts.join(", ")}, or a user's name`))
    .option("-f, --follow", "print new lines as they come, until Ctrl-C", false)
    .option("-n, --lines <number>", "how many of the last lines to show", positive, 100)
    .addHelpText("after", examples("swarmhub logs hub -f", "swarmhub logs ada --lines 20"))
    .action((part: string, options: unknown, command: Command) =>
      runCommand<LogsOptions>(async () => {
        const { logs } = await import("../commands/logs.js");
        return (all, terminal, signal) => logs({ ...all, part }, terminal, signal);
      })(options, command),
    );
};

const addOpenAndDown = (program: Command): void => {
  program
    .command("open")
    .description("print the address of the class")
    .option("--passwords", "print the login passwords as well", false)
    .addHelpText("after", examples("swarmhub open", "swarmhub open --passwords"))
    .action(runCommand<OpenOptions>(async () => (await import("../commands/open.js")).open));

  program
    .command("down")
    .description("remove the class; keep homes and issued certificates")
    .option("--delete-homes", "erase every home as well (asks for the name of the class)", false)
    .option("--delete-certificates", "delete the issued certificates as well", false)
    .option("-y, --yes", "do not ask", false)
    .option("--break-lock", "take over the lock of another operator", false)
    .addHelpText("after", examples("swarmhub down", "swarmhub down --delete-homes"))
    .action(runCommand<DownOptions>(async () => (await import("../commands/down.js")).down));
};

const addCompletion = (program: Command): void => {
  program
    .command("completion")
    .description("print the completion script for a shell")
    .addArgument(new Argument("<shell>").choices(shells))
    .addHelpText(
      "after",
      examples(
        'eval "$(swarmhub completion bash)"',
        "swarmhub completion fish > ~/.config/fish/completions/swarmhub.fish",
      ),
    )
    .action((shell: Shell, options: unknown, command: Command) =>
      runCommand<ClassOptions>(async () => async (_options, { print }) => {
        print(completion(program, shell, { logs: parts }).trimEnd());
      })(options, command),
    );
};
