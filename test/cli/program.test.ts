import test from "ava";
import type { Command } from "commander";
import { createProgram } from "../../src/cli/program.js";

/** What `swarmhub COMMAND --help` prints. */
const helpOf = (command: Command): string => {
  let text = "";
  command.configureOutput({ writeOut: (more) => void (text += more) }).outputHelp();
  return text;
};

const find = (...path: string[]): Command =>
  path.reduce((command, name) => {
    const found = command.commands.find((each) => each.name() === name);
    if (found === undefined) throw new Error(`there is no command ${name}`);
    return found;
  }, createProgram());

test("the help of a command says all that can be typed", (t) => {
  t.is(
    helpOf(find("status")),
    `Usage: swarmhub status [options]

show drift (exit code 6), seats and running servers

Options:
  -h, --help              display help for command

Global Options:
  -c, --config <file>     configuration file (default: "swarmhub.yaml")
  --ssh-config <file>     SSH configuration to use instead of ~/.ssh/config
  --accept-new-host-keys  trust host keys that are not in known_hosts yet
  --json                  print events and results as JSON
  --debug                 print errors with their stack trace

Examples:
  $ swarmhub status
  $ swarmhub status --json
`,
  );
});

const connecting = ["--config", "--ssh-config", "--accept-new-host-keys"];
for (const [path, flags] of [
  [["up"], [...connecting, "--jobs", "--json", "--debug"]],
  [["leave"], [...connecting, "--jobs", "--json", "--debug"]],
  [["tls"], [...connecting, "--json", "--debug"]],
  [
    ["quota", "set"],
    [...connecting, "--json", "--debug"],
  ],
  [["init"], ["--config", "--json", "--debug"]],
  [["images"], [...connecting, "--json", "--debug"]],
  [
    ["images", "ls"],
    [...connecting, "--json", "--debug"],
  ],
  [
    ["images", "push"],
    ["--json", "--debug"],
  ],
  [["completion"], ["--debug"]],
] as const)
  test(`the help of ${path.join(" ")} lists the global options that it uses`, (t) => {
    const [, list = ""] = /\nGlobal Options:\n((?: .*\n)+)/.exec(helpOf(find(...path))) ?? [];
    t.deepEqual(
      list.match(/^ {2}.*?--[a-z-]+/gm)?.map((line) => /--.*/.exec(line)?.[0]),
      [...flags],
    );
  });

const commandsOf = (command: Command): Command[] =>
  command.commands.flatMap((each) => [each, ...commandsOf(each)]);

test("every command has a description of one line, and each that does something has examples", (t) => {
  for (const command of commandsOf(createProgram())) {
    const name = `${command.parent?.name()} ${command.name()}`;
    t.regex(command.description(), /^[a-z][^\n]{10,90}[^.]$/, name);
    t.is(
      helpOf(command).includes("\nExamples:\n  $ "),
      !/(?:quota|homes|images|roster)$/.test(name),
      name,
    );
  }
});

test("the help of the program lists its options once", (t) => {
  t.is(helpOf(createProgram()).match(/--ssh-config/g)?.length, 1);
});

test("no help names a default that is nothing", (t) => {
  for (const command of [createProgram(), ...commandsOf(createProgram())])
    t.notRegex(helpOf(command).replaceAll(/\s+/g, " "), /default: (?:false|\[\])/, command.name());
});
