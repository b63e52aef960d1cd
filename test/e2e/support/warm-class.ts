import { type ExecFileException, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { waitUntil } from "../../../src/wait.js";
import { classIn } from "./class.js";
import {
  type Lab,
  type Runner,
  announceLab,
  bootLab,
  buildImages,
  labCommand,
  openLab,
  packages,
  workshop,
} from "./lab.js";

const run = promisify(execFile);
const bundle = new URL("../../../../dist", import.meta.url).pathname;

type WarmOptions = {
  /** The number of machines in the class: node1 is the manager, the others are workers. */
  machines: number;
  /** The number of machines in the lab; the additional ones have Docker and NFS. */
  guests?: number;
  /** The memory of each machine (MB). */
  memory: number;
};

/**
 * A lab with a running class of the simplest configuration. The first caller runs `up` and saves the machines; the others boot
 * the saved machines, and the class must start by itself. `changeTo` then applies the configuration of a test.
 */
export const warmClass = async (
  name: string,
  { machines, guests = machines, memory }: WarmOptions,
): Promise<Lab> => {
  const lab = labCommand(name);
  await announceLab(name);
  await buildImages(lab);
  const key = await keyOf(machines);
  const restore = (): Promise<boolean> =>
    lab("restore-class", key, "--memory", String(memory)).then(
      () => true,
      (error: ExecFileException) => {
        if (error.code === noSuchClass) return false;
        throw error;
      },
    );
  if (!(await restore()))
    await withLock(key, async () => {
      if (await restore()) return;
      await save(name, key, machines);
      if (!(await restore())) throw new Error(`the warm class ${key} was not saved`);
    });
  if (guests > machines)
    await lab("up", String(guests), "--memory", String(memory), "--packages", packages);
  const opened = await openLab(name);
  await waitUntilRunning(opened, machines);
  return opened;
};

/** Runs `up` with the configuration of the workshop; throws an error with its stderr if it fails. */
export const changeTo = async ({ swarmhub }: Runner): Promise<void> => {
  const { code, stderr } = await swarmhub("up", "--yes");
  if (code !== 0) throw new Error(stderr);
};

/** The exit status of `scripts/lab restore-class`. */
const noSuchClass = 3;

const yamlOf = (machines: number, { image, registry }: Pick<Lab, "image" | "registry">): string =>
  `name: warm
manager: node1
workers: [${Array.from({ length: machines - 1 }, (_, index) => `node${index + 2}`).join(", ")}]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${registry}"]}
`;

/** A key of all contents of such a class except those of the lab, which scripts/lab adds itself. */
const keyOf = async (machines: number): Promise<string> => {
  const hash = createHash("sha256").update(packages);
  hash.update(yamlOf(machines, { image: "", registry: "" }));
  const entries = await readdir(bundle, { recursive: true, withFileTypes: true });
  // version.txt names the commit, also of a change that the class does not contain.
  const files = entries.filter((entry) => entry.isFile() && entry.name !== "version.txt");
  for (const path of files.map((file) => join(file.parentPath, file.name)).toSorted())
    hash.update(path.slice(bundle.length)).update(await readFile(path));
  return `e2e-${machines}-${hash.digest("hex").slice(0, 12)}`;
};

const save = async (name: string, key: string, machines: number): Promise<void> => {
  const lab = await bootLab(name, machines, 2048, { prepared: true, forClass: true });
  await changeTo(await workshop(lab, yamlOf(machines, lab)));
  await lab.lab("save-class", key);
};

/** Does work with a lock across processes; the lock is released when this process ends, even if it is killed. */
const withLock = async (name: string, work: () => Promise<void>): Promise<void> => {
  const file = join(tmpdir(), `swarmhub-${name}.lock`);
  const holder = spawn("flock", [file, "sh", "-c", "echo locked; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  try {
    await work();
  } finally {
    holder.stdin.end();
  }
};

/** Waits until all machines are ready in the Swarm and the hub answers through the edge. */
const waitUntilRunning = async (lab: Lab, machines: number): Promise<void> => {
  const url = `https://${lab.reachableAddress(1)}/hub/login`;
  const { nodes } = classIn(lab);
  const answers = async (): Promise<true | undefined> => {
    const ready = (await nodes()).filter((line) => line.endsWith(" Ready Active"));
    if (ready.length < machines) return undefined;
    await run("curl", ["-skf", "-m", "5", "-o", "/dev/null", url]);
    return true;
  };
  await waitUntil(() => answers().catch(() => undefined), {
    deadline: 180_000,
    every: 1000,
    otherwise: async () =>
      new Error(
        `the class did not start again\n${await lab.on(1, "docker node ls; docker service ls").catch(String)}`,
      ),
  });
};
