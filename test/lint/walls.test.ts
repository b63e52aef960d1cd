import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import test from "ava";

const imports = "eslint(no-restricted-imports)";
const terminal = "eslint(no-restricted-properties)";
const steps = "walls(only-reconcile-runs-steps)";
const rooms = "walls(rooms)";
const circle = "import(no-cycle)";

/** The rooms by floor, the lowest first. A room may import rooms of lower floors only. */
const floors = [
  ["src/text", "contracts"],
  ["src/config", "src/transport", "quota", "nginx", "proxy"],
  ["src/docker", "src/operator"],
  ["src/host"],
  ["src/cluster", "src/homes"],
  ["src/reconcile", "src/swarm", "src/tls"],
  ["src/images", "src/report"],
  ["src/pieces"],
  ["src/checks"],
  ["src/commands"],
  ["src/cli"],
];
const floorOf = (room: string): number => floors.findIndex((floor) => floor.includes(room));

type Violation = [description: string, path: string, content: string, rule: string];

const importing = (specifier: string): string =>
  `import { it } from "${specifier}";\nexport const use = () => it();\n`;

/** An import of each room by each other room on the same or a lower floor; every one breaks a wall. */
const upwardImports: Violation[] = floors.flat().flatMap((from) =>
  floors
    .flat()
    .filter((to) => to !== from && floorOf(to) >= floorOf(from))
    .map((to): Violation => {
      const path = `${from}/deep/upward-${to.replaceAll("/", "-")}.ts`;
      const up = "../".repeat(path.split("/").length - 1);
      return [`${from} imports ${to}`, path, importing(`${up}${to}/thing.js`), rooms];
    }),
);

/** Files that break one wall each, and the rule that must report it. */
const violations: Violation[] = [
  ...upwardImports,
  ["a command imports a single piece", "src/commands/a.ts", importing("../pieces/hub.js"), rooms],
  ["a check imports a single piece", "src/checks/a.ts", importing("../pieces/hub.js"), rooms],
  ["a piece imports another piece", "src/pieces/hub.ts", importing("./edge.js"), rooms],
  [
    "the folder of a piece imports another piece",
    "src/pieces/hub/deep.ts",
    importing("../edge/wait.js"),
    rooms,
  ],
  [
    "a piece imports a command as a type",
    "src/pieces/type.ts",
    `import type { Up } from "../commands/up.js";\nexport type It = Up;\n`,
    rooms,
  ],
  [
    "a piece loads a command",
    "src/pieces/load.ts",
    `export const use = () => import("../commands/up.js");\n`,
    rooms,
  ],
  [
    "a piece re-exports a command",
    "src/pieces/re-export.ts",
    `export { up } from "../commands/up.js";\n`,
    rooms,
  ],
  [
    "the watcher's program imports the command line's code",
    "quota/a.ts",
    importing("../src/paths.js"),
    rooms,
  ],
  [
    "two files import each other's types",
    "src/text/one.ts",
    `import type { Two } from "./two.js";\nexport type One = Two | 1;\n`,
    circle,
  ],
  [
    "the other one of these two files",
    "src/text/two.ts",
    `import type { One } from "./one.js";\nexport type Two = One | 2;\n`,
    circle,
  ],
  ...["ssh2", "dockerode", "execa"].map((name): Violation => [
    `a piece imports ${name}`,
    `src/pieces/${name}.ts`,
    importing(name),
    imports,
  ]),
  ...["net", "tls", "http", "https", "http2", "dgram", "child_process"].map((name): Violation => [
    `a command opens a connection with ${name}`,
    `src/commands/${name}.ts`,
    `import * as it from "node:${name}";\nexport const use = () => it;\n`,
    imports,
  ]),
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
  ].map((call, index): Violation => [
    `a piece runs a step: ${call}`,
    `src/pieces/run-${index}.ts`,
    `export const use = (step: any, steps: any, plan: any, nextStep: any) => [step, steps, plan, nextStep, (${call})];\n`,
    steps,
  ]),
];

/** Files that come close to a wall and break none. */
const allowed: [description: string, path: string, content: string][] = [
  [
    "a transport opens a connection",
    "src/transport/ssh/dial.ts",
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
    `import type { Host } from "../host/host.js";\nexport const use = (host: Host, argv: string[]) => [host.run(["true"]), host.run(argv)];\n`,
  ],
  ["a piece imports from its own folder", "src/pieces/edge.ts", importing("./edge/wait.js")],
  [
    "a piece imports a file that pieces share",
    "src/pieces/proxy.ts",
    importing("./shared/service.js"),
  ],
  ["the list of pieces imports a piece", "src/pieces/index.ts", importing("./hub.js")],
  ["a command imports the list of pieces", "src/commands/up.ts", importing("../pieces/index.js")],
  [
    "a folder of a room has the name of another room",
    "src/commands/tls/show.ts",
    importing("./text.js"),
  ],
  [
    "the report writes to the terminal",
    "src/report/write.ts",
    `export const use = () => process.stderr.write("hello");\n`,
  ],
  [
    "the engine runs a step",
    "src/reconcile/run-steps.ts",
    `import type { Step } from "./piece.js";\nexport const use = (step: Step) => step.run(() => {});\n`,
  ],
  [
    "a program of an image writes to the terminal and starts other programs",
    "nginx/program.ts",
    `import { spawn } from "node:child_process";\nexport const use = () => console.log(spawn("true"));\n`,
  ],
];

type Diagnostic = { code: string; filename: string };

/** Lints all files at once with the rules of the project, in a temporary folder. */
const lint = async (files: readonly (readonly [string, string])[]): Promise<Diagnostic[]> => {
  const folder = mkdtempSync(join(tmpdir(), "swarmhub-walls-"));
  try {
    const rules = JSON.parse(readFileSync(".oxlintrc.json", "utf8")) as { options: object };
    // The walls need no types, and the folder has no tsconfig.json.
    const untyped = { ...rules, options: { ...rules.options, typeAware: false } };
    writeFileSync(join(folder, ".oxlintrc.json"), JSON.stringify(untyped));
    cpSync("scripts/lint", join(folder, "scripts/lint"), { recursive: true });
    for (const [path, content] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const oxlint = resolve("node_modules/.bin/oxlint");
    const folders = ["src", "contracts", "nginx", "proxy", "quota"];
    const output = await new Promise<string>((answer) => {
      const options = { cwd: folder, maxBuffer: 1 << 26 };
      execFile(oxlint, ["--format", "json", ...folders], options, (_, stdout) => answer(stdout));
    });
    return (JSON.parse(output) as { diagnostics: Diagnostic[] }).diagnostics;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const walls = new Set([imports, terminal, steps, rooms, circle, "eslint(no-console)"]);

test("the linter reports every broken wall, and no allowed file", async (t) => {
  const all = [...violations, ...allowed];
  t.is(new Set(all.map(([, path]) => path)).size, all.length);
  const diagnostics = await lint(all.map(([, path, content]) => [path, content]));
  const reported = (path: string): string[] => [
    ...new Set(
      diagnostics
        .filter(({ filename, code }) => filename.endsWith(path) && walls.has(code))
        .map(({ code }) => code),
    ),
  ];
  for (const [description, path, , rule] of violations)
    t.deepEqual(reported(path), [rule], description);
  for (const [description, path] of allowed) t.deepEqual(reported(path), [], description);
});

test("every file in the rules of the linter exists", (t) => {
  const { overrides } = JSON.parse(readFileSync(".oxlintrc.json", "utf8")) as {
    overrides: { files: string[] }[];
  };
  const named = overrides.flatMap(({ files }) => files).filter((glob) => !glob.includes("*"));
  t.true(named.length > 0);
  for (const path of named) t.notThrows(() => readFileSync(path), path);
});
