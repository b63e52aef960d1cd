import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Lab, bootLab, roomPassword, workshop } from "../e2e/support/lab.js";

/** The lab of the benchmarks, and how to log in to it. */
export type Bench = {
  lab: Lab;
  /** An SSH configuration for the same machines with root as the login, which needs no sudo. */
  rootSshConfig: string;
  /** The path of the private key that all machines accept. */
  key: string;
  /** The configuration of the class, with `more` workers in addition to node2 and node3. */
  yaml: (more?: number) => string;
};

export type Workshop = Awaited<ReturnType<typeof workshop>>;

export const name = "bench";

/** Boots three machines: blank ones, or with Docker, NFS and our images. */
export const bootBench = async ({ prepared = false } = {}): Promise<Bench> => {
  const lab = await bootLab(name, 3, 2048, { prepared });
  const { file, key } = await rootConfig(lab);
  return { lab, rootSshConfig: file, key, yaml: (more = 0) => yamlOf(lab, more) };
};

/** Writes the SSH configuration for root next to the lab's own, for all current machines. */
export const rootConfig = async ({ sshConfig }: Lab): Promise<{ file: string; key: string }> => {
  const settings = await readFile(sshConfig, "utf8");
  const file = join(dirname(sshConfig), "ssh_config.root");
  await writeFile(file, settings.replace("User debian", "User root"));
  return { file, key: /^\s*IdentityFile (.+)$/m.exec(settings)?.[1] ?? "" };
};

/** Replaces the machines by blank ones. */
export const rebootBlank = async ({ lab }: Bench): Promise<Bench> => {
  await lab.lab("down");
  return bootBench();
};

const yamlOf = (lab: Lab, more: number): string => `name: bench
manager: node1
workers: [${Array.from({ length: 2 + more }, (_, index) => `node${index + 2}`).join(", ")}]
storage: {device: /dev/ubdb, quota: 200M}
login: {shared-password: from-env ROOM_PASSWORD, admins: [ada]}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;

export { roomPassword, workshop };
