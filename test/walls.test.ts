import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import test from "ava";

const imports = "eslint(no-restricted-imports)";
const terminal = "eslint(no-restricted-properties)";
const steps = "walls(only-reconcile-runs-steps)";

/** Each breaks one wall: the file, what it says, and the rule that must see it. */
const broken: [what: string, path: string, content: string, rule: string][] = [
  ...["../commands/up.js", "../cli.js", "../reconcile.js", "ssh2", "dockerode", "execa"].map(
    (name): [string, string, string, string] => [
      `a piece imports ${name}`,
      `src/pieces/${name.replaceAll(/\W/g, "-")}.ts`,
      `import { it } from "${name}";\nexport const use = () => it();\n`,
      imports,
    ],
  ),
  [
    "a file deep in a piece imports a command",
    "src/pieces/storage/deep.ts",
    `import { up } from "../../commands/up.js";\nexport const use = () => up();\n`,
    imports,
  ],
  ...["net", "tls", "http", "https", "http2", "dgram", "child_process"].map(
    (name): [string, string, string, string] => [
      `a command opens a connection with ${name}`,
      `src/commands/${name}.ts`,
      `import * as it from "node:${name}";\nexport const use = () => it;\n`,
      imports,
    ],
  ),
  [
    "a command writes to the terminal",
    "src/commands/console.ts",
    `export const use = () => console.log("hello");\n`,
    "eslint(no-console)",
  ],
  [
    "a piece writes to the terminal",
    "src/pieces/write.ts",
    `export const use = () => process.stdout.write("hello");\n`,
    terminal,
  ],
  [
    "a command takes the terminal from process",
    "src/commands/take.ts",
    `const { stderr } = process;\nexport const use = () => stderr.write("hello");\n`,
    terminal,
  ],
  [
    "a command imports the terminal",
    "src/commands/imported.ts",
    `import { stderr } from "node:process";\nexport const use = () => stderr.write("hello");\n`,
    imports,
  ],
  [
    "a command performs steps by itself",
    "src/commands/perform.ts",
    `import { perform } from "../perform.js";\nexport const use = () => perform();\n`,
    imports,
  ],
  ...[
    "step.run(() => {})",
    "plan.steps[0]?.run(() => {})",
    "nextStep().run(() => {})",
    "steps.map(({ run }) => run(() => {}))",
    "((it) => { const { run } = it.step; return run(); })(plan)",
    "step!.run(() => {})",
    "steps.map((each) => each.run(() => {}))",
    "((progress) => plan.first.run(progress))(plan)",
    "(() => { for (const { run } of steps) run(); })()",
  ].map((call, index): [string, string, string, string] => [
    `a piece runs a step: ${call}`,
    `src/pieces/run-${index}.ts`,
    `export const use = (step: any, steps: any, plan: any, nextStep: any) => [step, steps, plan, nextStep, (${call})];\n`,
    steps,
  ]),
];

/** Each stays within the walls, however near. */
const sound: [what: string, path: string, content: string][] = [
  [
    "a transport opens a connection",
    "src/ssh-dial.ts",
    `import ssh2 from "ssh2";\nexport const use = () => ssh2;\n`,
  ],
  [
    "a piece names a type of dockerode and reads an address",
    "src/pieces/types.ts",
    `import { isIP } from "node:net";\nimport type { Service } from "dockerode";\nexport const use = (it: Service) => isIP(it.id);\n`,
  ],
  [
    "a piece runs a command on a host",
    "src/pieces/host.ts",
    `import type { Host } from "../host.js";\nexport const use = (host: Host, argv: string[]) => [host.run(["true"]), host.run(argv)];\n`,
  ],
  [
    "the report writes to the terminal",
    "src/report/write.ts",
    `export const use = () => process.stderr.write("hello");\n`,
  ],
  [
    "the engine runs a step",
    "src/perform.ts",
    `import type { Step } from "./step.js";\nexport const use = (step: Step) => step.run(() => {});\n`,
  ],
  [
    "reconcile performs",
    "src/reconcile.ts",
    `import { perform } from "./perform.js";\nexport const use = () => perform();\n`,
  ],
  [
    "a program of an image talks and starts others",
    "nginx/talk.ts",
    `import { spawn } from "node:child_process";\nexport const use = () => console.log(spawn("true"));\n`,
  ],
];

type Complaint = { code: string; filename: string };

/** All files in a folder of their own under the project's rules, linted at once. */
const lint = async (files: readonly (readonly [string, string])[]): Promise<Complaint[]> => {
  const folder = mkdtempSync(join(tmpdir(), "swarmhub-walls-"));
  try {
    const rules = JSON.parse(readFileSync(".oxlintrc.json", "utf8")) as { options: object };
    // The walls need no types, and the folder has no tsconfig.json.
    const untyped = { ...rules, options: { ...rules.options, typeAware: false } };
    writeFileSync(join(folder, ".oxlintrc.json"), JSON.stringify(untyped));
    cpSync("scripts/walls.js", join(folder, "scripts/walls.js"), { recursive: true });
    for (const [path, content] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const oxlint = resolve("node_modules/.bin/oxlint");
    const output = await new Promise<string>((answer) => {
      execFile(oxlint, ["--format", "json", "src", "nginx"], { cwd: folder }, (_, stdout) =>
        answer(stdout),
      );
    });
    return (JSON.parse(output) as { diagnostics: Complaint[] }).diagnostics;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const walls = new Set([imports, terminal, steps, "eslint(no-console)"]);

test("each wall is seen when it is broken, and nothing else is taken for that", async (t) => {
  const all = [...broken, ...sound];
  const complaints = await lint(all.map(([, path, content]) => [path, content]));
  const seen = (path: string): string[] => [
    ...new Set(
      complaints
        .filter(({ filename, code }) => filename.endsWith(path) && walls.has(code))
        .map(({ code }) => code),
    ),
  ];
  for (const [what, path, , rule] of broken) t.deepEqual(seen(path), [rule], what);
  for (const [what, path] of sound) t.deepEqual(seen(path), [], what);
});

test("every file that a wall makes an exception for is there", (t) => {
  const { overrides } = JSON.parse(readFileSync(".oxlintrc.json", "utf8")) as {
    overrides: { files: string[] }[];
  };
  const named = overrides
    .flatMap(({ files }) => files)
    .flatMap((glob) => {
      const [, before = "", list = "", after = ""] = /^(.*)\{(.*)\}(.*)$/.exec(glob) ?? [];
      return list === "" ? [glob] : list.split(",").map((name) => before + name + after);
    })
    .filter((glob) => !glob.includes("*"));
  t.true(named.length >= 5);
  for (const path of named) t.notThrows(() => readFileSync(path), path);
});
