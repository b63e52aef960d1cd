import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { Argument, Command } from "commander";
import { type Shell, completion, shells } from "../../src/cli/completion.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const program = new Command("toy")
  .description("a toy")
  .option("-c, --config <file>", "the user's `file`")
  .option("--json", "say [it]: in \\ JSON");
program.command("logs").argument("<part>").option("-f, --follow", "go on").option("--lines <n>");
program.command("up").option("--yes", "don't ask");
const group = program.command("quota").description("a group").helpCommand(false);
group.command("set").description("in it").option("--all", "each");
group.command("up").description("not the other one").option("--sort <by>", "order");
program.command("completion").addArgument(new Argument("<shell>").choices(["bash", "zsh"]));

const script = (shell: Shell) => completion(program, shell, { logs: ["hub", "edge"] });
const run = (shell: string, ...argv: string[]): string =>
  execFileSync(shell, argv, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const isInstalled = (shell: string): boolean => {
  try {
    return run(shell, "-c", "echo yes").includes("yes");
  } catch {
    return false;
  }
};

for (const shell of shells)
  (isInstalled(shell) ? test : test.skip)(`${shell} accepts its completion`, async (t) => {
    const folder = temporaryFolder();
    await writeFile(join(folder, shell), script(shell));
    t.is(run(shell, "-n", join(folder, shell)), "");
  });

/** What a real bash offers after these words; the last one is being typed. */
const offered = (...words: string[]): string[] =>
  run(
    "bash",
    "-c",
    `${script("bash")}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})\nCOMP_CWORD=${words.length - 1}\n_toy\nprintf '%s\\n' "\${COMPREPLY[@]}"`,
  )
    .trim()
    .split("\n");

for (const [typed, expected] of [
  [["toy", "u"], ["up"]],
  [["toy", "--c"], ["--config"]],
  [["toy", "up", "--y"], ["--yes"]],
  [["toy", "up", "--f"], [""]],
  [
    ["toy", "logs", ""],
    ["hub", "edge"],
  ],
  [["toy", "logs", "hub", "--fo"], ["--follow"]],
  [["toy", "logs", "--lines", ""], [""]],
  [["toy", "-c", "up", "--y"], [""]],
  [["toy", "-c", "up", "up", "--y"], ["--yes"]],
  [
    ["toy", "completion", ""],
    ["bash", "zsh"],
  ],
  [["toy", "-c", "package.js"], ["package.json"]],
  [
    ["toy", "quota", ""],
    ["set", "up"],
  ],
  [["toy", "quota", "s"], ["set"]],
  [["toy", "quota", "set", "--al"], ["--all"]],
  [["toy", "quota", "up", "--s"], ["--sort"]],
  [["toy", "quota", "up", "--ye"], [""]],
  [["toy", "up", "quota", "--al"], [""]],
  [["toy", "--json", "quota", "-c", "set", "set", "--al"], ["--all"]],
] as const)
  test(`bash: ${typed.join(" ")}‸`, (t) => {
    const found = offered(...typed);
    t.deepEqual(
      found.filter((word) => !word.startsWith("-") || typed.at(-1)?.startsWith("-")),
      [...expected],
    );
  });

(isInstalled("fish") ? test : test.skip)(
  "fish offers commands, their options and their words",
  (t) => {
    const offer = (line: string) =>
      run("fish", "-c", `${script("fish")}\ncomplete -C '${line}'`)
        .trim()
        .split("\n")
        .map((each) => each.split("\t")[0]);
    t.true(offer("toy ").includes("logs"));
    t.deepEqual(offer("toy logs "), ["edge", "hub"]);
    t.deepEqual(offer("toy up --y"), ["--yes"]);
    t.deepEqual(offer("toy logs --fol"), ["--follow"]);
    t.deepEqual(offer("toy quota "), ["set", "up"]);
    t.deepEqual(offer("toy quota set --al"), ["--all"]);
    t.deepEqual(offer("toy quota up --ye"), [""]);
  },
);

(isInstalled("zsh") ? test : test.skip)(
  "zsh registers it as the completion of the command",
  (t) => {
    const input = `autoload -U compinit && compinit -u -D\n${script("zsh")}\nprint $_comps[toy]`;
    t.is(run("zsh", "-f", "-c", input).trim(), "_toy");
  },
);
