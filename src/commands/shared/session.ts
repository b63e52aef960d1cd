import { readFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { type Cluster, closeCluster, connectCluster } from "../../cluster/cluster.js";
import { loadConfig } from "../../config/load.js";
import type { Config } from "../../config/types.js";
import { connect } from "../../host/connect.js";
import type { Host } from "../../host/host.js";
import { resolveSecret } from "../../operator/secret.js";
import type { Terminal } from "../../report/terminal.js";

/** The options that every command on a class has. */
export type ClassOptions = {
  /** The configuration file. */
  config: string;
  sshConfig?: string;
  acceptNewHostKeys: boolean;
  jobs: number;
  json: boolean;
};

/** What a command needs before it connects to a machine. */
export type Session = {
  config: Config;
  secrets: ReadonlyMap<string, string>;
  connect: (destination: string) => Promise<Host>;
};

/** Reads the configuration, and once it is `ready` connects to its machines, does the work, and ends every connection. */
export const withCluster = async <Result>(
  options: ClassOptions,
  terminal: Terminal,
  work: (cluster: Cluster) => Promise<Result>,
  ready: (config: Config) => Promise<void> = async () => {},
): Promise<Result> => {
  const { config, secrets, connect: reach } = await sessionOf(options, terminal);
  await ready(config);
  const cluster = await connectCluster(config, secrets, reach);
  try {
    return await work(cluster);
  } finally {
    await closeCluster(cluster);
  }
};

/** Reads the configuration and the secrets that it names. */
export const sessionOf = async (options: ClassOptions, terminal: Terminal): Promise<Session> => {
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
  const ways = {
    ...(options.sshConfig !== undefined && { sshConfigFile: options.sshConfig }),
    acceptNewHostKeys: options.acceptNewHostKeys,
    askHostKey: oneAtATime(askHostKey),
  };
  return { config, secrets, connect: (destination) => connect(destination, ways) };
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
