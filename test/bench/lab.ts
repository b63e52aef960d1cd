import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Lab, bootLab, roomPassword, workshop } from "../e2e/support/lab.js";

/** The lab that everything is measured in, and how it is reached. */
export type Bench = {
  lab: Lab;
  /** The same machines with another login: root itself, where no sudo stands between. */
  rootSshConfig: string;
  /** The file of the key that all machines take. */
  key: string;
  /** A configuration of the class, with more workers than node2 and node3 if asked. */
  yaml: (more?: number) => string;
};

export type Workshop = Awaited<ReturnType<typeof workshop>>;

export const name = "bench";

/** Three machines, or what there is of them: blank, or with Docker, NFS and our images already. */
export const bootBench = async ({ prepared = false } = {}): Promise<Bench> => {
  const lab = await bootLab(name, 3, 2048, { prepared });
  const { file, key } = await rootConfig(lab);
  return { lab, rootSshConfig: file, key, yaml: (more = 0) => yamlOf(lab, more) };
};

/** Writes the configuration of root's login beside the lab's own, for the machines that there are. */
export const rootConfig = async ({ sshConfig }: Lab): Promise<{ file: string; key: string }> => {
  const settings = await readFile(sshConfig, "utf8");
  const file = join(dirname(sshConfig), "ssh_config.root");
  await writeFile(file, settings.replace("User debian", "User root"));
  return { file, key: /^\s*IdentityFile (.+)$/m.exec(settings)?.[1] ?? "" };
};

/** The same machines blank again. */
export const blankAgain = async ({ lab }: Bench): Promise<Bench> => {
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
