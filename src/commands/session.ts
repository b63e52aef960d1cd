import { readFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { closeCluster, connectCluster, type Cluster } from "../cluster.js";
import { loadConfig } from "../config.js";
import { connect } from "../connect.js";
import type { Terminal } from "../report/index.js";
import { resolveSecret } from "../secret.js";

/** The options that every command on a class has. */
export type ClassOptions = {
  /** The configuration file. */
  config: string;
  sshConfig?: string;
  acceptNewHostKeys: boolean;
  jobs: number;
  json: boolean;
};

/** Reads the configuration, connects to its machines, does the work, and ends every connection. */
export const withCluster = async <Result>(
  options: ClassOptions,
  terminal: Terminal,
  work: (cluster: Cluster) => Promise<Result>,
): Promise<Result> => {
  const config = await loadConfig(options.config);
  const given = await resolveSecret(config.login.sharedPassword, {
    env: process.env,
    readFile: (path) => readFile(path, "utf8"),
  });
  const secrets = new Map(given === undefined ? [] : [["shared-password", given] as const]);
  const askHostKey = async (host: string, fingerprint: string): Promise<boolean> => {
    const answer = await terminal.ask(
      `The machine ${host} is not known yet; its key is ${fingerprint}. Trust it from now on? (yes/no) `,
    );
    return answer?.trim().toLowerCase() === "yes";
  };
  const cluster = await connectCluster(config, secrets, (destination) =>
    connect(destination, {
      ...(options.sshConfig !== undefined && { sshConfigFile: options.sshConfig }),
      acceptNewHostKeys: options.acceptNewHostKeys,
      askHostKey: oneAtATime(askHostKey),
    }),
  );
  try {
    return await work(cluster);
  } finally {
    await closeCluster(cluster);
  }
};

/** Who is at work, for the lock: "ada@laptop". */
export const operator = (): string => `${userInfo().username}@${hostname()}`;

let last: Promise<unknown> = Promise.resolve();
// Hosts are connected to side by side; a person answers one question after the other.
const oneAtATime =
  <Words extends unknown[], Answer>(ask: (...words: Words) => Promise<Answer>) =>
  (...words: Words): Promise<Answer> => {
    const turn = last.then(() => ask(...words));
    last = turn.catch(() => undefined);
    return turn;
  };
