import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ExecutionContext } from "ava";
import type { Cluster } from "../../../src/cluster/cluster.js";
import type { Config } from "../../../src/config/types.js";
import type { Event } from "../../../src/reconcile/event.js";
import type { Terminal } from "../../../src/report/terminal.js";
import { localStorage, withTools } from "../../homes/support/local-storage.js";
import { type FakeHost, fakeCluster, fakeReport } from "../../support/fakes.js";

/** A class on this machine: real homes in a temporary folder, and the hub's real program. */
export type ClassWithHomes = {
  cluster: Cluster;
  host: FakeHost;
  /** The storage. */
  folder: string;
  /** Writes files into a folder of the storage: {"homes/ada/week2/lab1.ipynb": "…"}. */
  write: (files: Record<string, string>) => Promise<void>;
  terminal: Terminal;
  printed: string[];
  events: Event[];
};

/** The homes of these users, who have the names of their homes. `told` is what the hub says about the members of groups. */
export const classWithHomes = async (
  t: ExecutionContext,
  users: readonly string[],
  login: Partial<Config["login"]> = {},
  told: Record<string, string[]> = {},
): Promise<ClassWithHomes> => {
  const { host, folder } = await localStorage(t);
  await withTools(host, folder);
  await mkdir(join(folder, "handouts"));
  const write = async (files: Record<string, string>): Promise<void> => {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  };
  for (const user of users) {
    await mkdir(join(folder, "homes", user));
    await write({ [`owners/${user}`]: JSON.stringify({ user }) });
  }
  const { run } = host;
  // Of the hub's container only Docker is missing, so nobody has a server and an open notebook.
  host.run = async (argv, options) => {
    if (argv.at(-1) === "swarmhub.services.group_members") {
      const { groups } = JSON.parse(String(options?.input)) as { groups: string[] };
      return JSON.stringify(Object.fromEntries(groups.map((name) => [name, told[name] ?? []])));
    }
    return argv[0] === "docker"
      ? run(["env", "PYTHONPATH=hub", "python3", "-c", program, folder, argv.at(-1) ?? ""], options)
      : run(argv, options);
  };
  const docker = { listContainers: async () => [{ Id: "hub1" }] };
  const cluster = fakeCluster(Object.assign(host, { docker }));
  const config = { ...cluster.config, login: { ...cluster.config.login, admins: [], ...login } };
  const printed: string[] = [];
  const report = fakeReport();
  const terminal: Terminal = {
    report,
    screen: undefined,
    print: (text) => void printed.push(text),
    fail: () => {},
    ask: async () => undefined,
    close: () => {},
  };
  return {
    cluster: { ...cluster, config },
    host,
    folder,
    write,
    terminal,
    printed,
    events: report.events,
  };
};

const program = `
import sys
from pathlib import Path
from swarmhub.homes.teacher_command import REFUSED, Refused, run
storage = Path(sys.argv[1])
try:
    run(sys.argv[2], storage, storage / "locks", lambda homes: {}, sys.stdin.buffer, sys.stdout.buffer)
except Refused as error:
    print(error, file=sys.stderr)
    sys.exit(REFUSED)
`;

/** All files below a folder with their content, sorted; hidden ones too. */
export const contentOf = async (folder: string): Promise<Record<string, string>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name));
  const texts = paths
    .toSorted()
    .map(async (path) => [path.slice(folder.length + 1), await readFile(path, "utf8")] as const);
  return Object.fromEntries(await Promise.all(texts));
};
