import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { roomPassword, workshop } from "../e2e/support/lab.js";
import type { Bench } from "./lab.js";
import { root } from "../support/root.js";

const run = promisify(execFile);
const scripts = join(root, "scripts/bench.d");
const options = { maxBuffer: 1 << 26, timeout: 30 * 60_000 };

/** Runs `swarmhub up` with `more` workers in addition to two; returns its events as lines of JSON. */
export const bySwarmhub = async (bench: Bench, more = 0): Promise<string> => {
  const { swarmhub } = await workshop(bench.lab, bench.yaml(more));
  const { code, stdout, stderr } = await swarmhub("--json", "up", "--yes");
  if (code !== 0) throw new Error(`swarmhub up: ${stderr}`);
  return stdout;
};

/** Sets up the same class with a shell script, as an expert would by hand. */
export const byHand = async ({ lab }: Bench): Promise<void> => {
  const subnet = lab.address(1).replace(/\.\d+$/, "");
  const argv = [
    lab.sshConfig,
    subnet,
    lab.registry,
    lab.image,
    roomPassword,
    join(root, "dist/assets"),
  ];
  await run(join(scripts, "by-hand.sh"), argv, options);
};

/** Sets up the same class with Ansible and its settings for speed, without connections of an earlier run; returns the number of changes. */
export const byPlaybook = async ({ lab }: Bench, guests = 3): Promise<number> => {
  // A short path, because it contains ssh's sockets.
  const folder = await mkdtemp(join(tmpdir(), "ab-"));
  const inventory = join(folder, "inventory.ini");
  const assets = join(folder, "assets.tar");
  const host = (guest: number) => `node${guest} address=${lab.address(guest)}`;
  const workers = Array.from({ length: guests - 1 }, (_, index) => host(index + 2));
  await writeFile(inventory, ["[manager]", host(1), "[workers]", ...workers, ""].join("\n"));
  await run("tar", [
    "--sort=name",
    "--mtime=@0",
    "-C",
    join(root, "dist/assets"),
    "-cf",
    assets,
    ".",
  ]);
  const variables = { registry: lab.registry, image: lab.image, password: roomPassword, assets };
  try {
    const { stdout } = await run(
      process.env["ANSIBLE_PLAYBOOK"] ?? "ansible-playbook",
      ["-i", inventory, "-e", JSON.stringify(variables), join(scripts, "playbook.yml")],
      { ...options, env: { ...process.env, ...fastSettings(lab.sshConfig, folder) } },
    );
    return [...stdout.matchAll(/ changed=(\d+) /g)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
  } finally {
    await closeConnections(join(folder, "ssh"));
    await rm(folder, { recursive: true, force: true });
  }
};

const fastSettings = (sshConfig: string, folder: string) => ({
  ANSIBLE_PIPELINING: "1",
  ANSIBLE_FORKS: "20",
  ANSIBLE_GATHERING: "smart",
  ANSIBLE_SSH_ARGS: `-F ${sshConfig} -o ControlMaster=auto -o ControlPersist=60s`,
  ANSIBLE_SSH_CONTROL_PATH_DIR: join(folder, "ssh"),
  ANSIBLE_LOCAL_TEMP: folder,
  ANSIBLE_PYTHON_INTERPRETER: "/usr/bin/python3",
  ANSIBLE_NOCOLOR: "1",
  LC_ALL: "C.UTF-8",
});

const closeConnections = async (sockets: string): Promise<void> => {
  for (const name of await readdir(sockets).catch(() => []))
    await run("ssh", ["-O", "exit", "-o", `ControlPath=${join(sockets, name)}`, "-"]).catch(
      () => undefined,
    );
};
