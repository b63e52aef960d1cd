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

type Broken = [what: string, path: string, content: string, rule: string];

const importing = (specifier: string): string =>
  `import { it } from "${specifier}";\nexport const use = () => it();\n`;

/** Every room imports every other room of its own floor or a higher one, which is a wall each time. */
const climbs: Broken[] = floors.flat().flatMap((from) =>
  floors
    .flat()
    .filter((to) => to !== from && floorOf(to) >= floorOf(from))
    .map((to): Broken => {
      const path = `${from}/deep/climb-${to.replaceAll("/", "-")}.ts`;
      const up = "../".repeat(path.split("/").length - 1);
      return [`${from} imports ${to}`, path, importing(`${up}${to}/thing.js`), rooms];
    }),
);

/** Each breaks one wall: the file, its content, and the rule that must report it. */
const broken: Broken[] = [
  ...climbs,
  ["a command imports a single piece", "src/commands/a.ts", importing("../pieces/hub.js"), rooms],
  ["a check imports a single piece", "src/checks/a.ts", importing("../pieces/hub.js"), rooms],
  ["a piece imports another piece", "src/pieces/hub.ts", importing("./edge.js"), rooms],
  ["so does its folder", "src/pieces/hub/deep.ts", importing("../edge/wait.js"), rooms],
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
    "a piece exports a command again",
    "src/pieces/again.ts",
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
    "so does the other",
    "src/text/two.ts",
    `import type { One } from "./one.js";\nexport type Two = One | 2;\n`,
    circle,
  ],
  ...["ssh2", "dockerode", "execa"].map((name): Broken => [
    `a piece imports ${name}`,
    `src/pieces/${name}.ts`,
    importing(name),
    imports,
  ]),
  ...["net", "tls", "http", "https", "http2", "dgram", "child_process"].map((name): Broken => [
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
  ].map((call, index): Broken => [
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
  ["a piece imports what pieces share", "src/pieces/proxy.ts", importing("./shared/service.js")],
  ["the list of pieces imports a piece", "src/pieces/index.ts", importing("./hub.js")],
  ["a command imports the list of pieces", "src/commands/up.ts", importing("../pieces/index.js")],
  [
    "a folder of a room is named as another room",
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
    "a program of an image talks and starts others",
    "nginx/talk.ts",
    `import { spawn } from "node:child_process";\nexport const use = () => console.log(spawn("true"));\n`,
  ],
];

type Complaint = { code: string; filename: string };

/** Lints all files at once, under the project's rules, in a temporary folder. */
const lint = async (files: readonly (readonly [string, string])[]): Promise<Complaint[]> => {
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
    return (JSON.parse(output) as { diagnostics: Complaint[] }).diagnostics;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const walls = new Set([imports, terminal, steps, rooms, circle, "eslint(no-console)"]);

test("each wall is reported when it is broken, and nothing else is taken for that", async (t) => {
  const all = [...broken, ...sound];
  t.is(new Set(all.map(([, path]) => path)).size, all.length);
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

test("every file that a rule of the linter names is there", (t) => {
  const { overrides } = JSON.parse(readFileSync(".oxlintrc.json", "utf8")) as {
    overrides: { files: string[] }[];
  };
  const named = overrides.flatMap(({ files }) => files).filter((glob) => !glob.includes("*"));
  t.true(named.length > 0);
  for (const path of named) t.notThrows(() => readFileSync(path), path);
});
