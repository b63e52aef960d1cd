import { readdirSync, writeFileSync } from "node:fs";
import unit from "./ava.config.js";

/**
 * The folders and files below test/ that run in processes of their own. They have real connections, processes and deadlines, or
 * much work, and would miss their deadlines in one process with hundreds of other tests.
 */
export const alone = [
  "bench/",
  "lint/",
  "monitor/",
  "nginx/",
  "proxy/",
  "checks/connections/programs.test.ts",
  "checks/login/ask.test.ts",
  "cli/completion.test.ts",
  "commands/collect.test.ts",
  "commands/handout.test.ts",
  "commands/images/",
  "commands/lost-worker.test.ts",
  "commands/tls.test.ts",
  "config/mutations.test.ts",
  "config/yaml/parse.test.ts",
  "docker/client.test.ts",
  "docker/images.test.ts",
  "homes/rename.test.ts",
  "homes/trash.test.ts",
  "images/buildkit.test.ts",
  "host/connect-when-booted.test.ts",
  "host/connect.test.ts",
  "host/sudo-deadline.test.ts",
  "operator/first-files.test.ts",
  "pieces/firewall-users.test.ts",
  "reconcile/lock.test.ts",
  "rehearsal/erase-homes.test.ts",
  "rehearsal/person.test.ts",
  "room/", // it takes the globals of a browser
  "transport/contract.test.ts",
  "transport/login-shells.test.ts",
  "transport/ssh.test.ts",
  "transport/ssh/host-key.test.ts",
  "transport/ssh/keys.test.ts",
  "transport/system.test.ts",
];

/**
 * Those of them that share a process: they wait more than they work. A process costs almost half a second of CPU time, and the gate
 * needs all of two cores.
 */
const shared = [
  [
    "bench/figure",
    "bench/login-burst",
    "bench/paths",
    "bench/progress",
    "bench/results",
    "bench/simulated",
    "lint/",
    "operator/first-files",
  ],
  ["checks/", "cli/completion"],
  [
    "nginx/acme/",
    "nginx/candidates",
    "nginx/certificate-pair",
    "nginx/outbound-proxy",
    "nginx/page-guard",
    "nginx/schedule",
    "nginx/self-signed",
    "nginx/subdomains",
  ],
  ["commands/images/", "docker/images", "images/buildkit", "pieces/firewall-users"],
  ["commands/lost-worker", "commands/tls", "homes/trash", "rehearsal/erase-homes"],
  ["host/", "reconcile/lock", "transport/login-shells"],
  ["monitor/", "proxy/"],
];

/** What scripts/test runs as suites of their own: npm and git take half a minute for a package and a release. */
const elsewhere = ["e2e/", "scripts/"];

const isAlone = (name) => alone.some((path) => name === path || name.startsWith(path));

const groupOf = (name) => shared.findIndex((paths) => paths.some((path) => name.startsWith(path)));

/** The number of processes for all other files. Each loads the modules of the project once, which halves the time of the gate. */
const bundleCount = 4;

/** The unit tests of the quick gate; `ava FILE…` runs single files. The titles must be unique across all files of a bundle. */
export default () => {
  const { typescript: _, ...base } = unit();
  const files = readdirSync("test", { recursive: true })
    .filter((name) => name.endsWith(".test.ts") && !elsewhere.some((path) => name.startsWith(path)))
    .toSorted();
  const bundled = files.filter((name) => !isAlone(name));
  return {
    ...base,
    // Threads of one process took 7 % more CPU time than processes, most of it in the kernel.
    workerThreads: false,
    // More processes than cores: most wait for others, such as nginx and sshd, more than they work.
    concurrency: 4,
    files: [
      ...files
        .filter((name) => isAlone(name) && groupOf(name) === -1)
        .map((name) => `build/test/${compiled(name)}`),
      ...shared.map((_paths, group) =>
        writeBundle(
          `shared-${group}`,
          files.filter((name) => isAlone(name) && groupOf(name) === group),
        ),
      ),
      ...Array.from({ length: bundleCount }, (_each, bundle) =>
        writeBundle(
          `together-${bundle}`,
          bundled.filter((_name, index) => index % bundleCount === bundle),
        ),
      ),
    ],
  };
};

const compiled = (name) => name.replace(/\.ts$/, ".js");

const writeBundle = (name, files) => {
  const path = `build/${name}.js`;
  writeFileSync(path, files.map((file) => `import "./test/${compiled(file)}";\n`).join(""));
  return path;
};
