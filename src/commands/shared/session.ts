import { readFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import {
  contentCaSecret,
  contentTokenSecret,
  serverEnvironmentSecret,
} from "../../../contracts/hub-servers.js";
import { type Cluster, closeCluster, connectCluster, lostMachines } from "../../cluster/cluster.js";
import { isUnreachable, lostHint, lostText } from "../../cluster/lost.js";
import { loadConfig } from "../../config/load.js";
import type { Config } from "../../config/types.js";
import { UserError, hostsOf } from "../../errors.js";
import { connect } from "../../host/connect.js";
import type { Host } from "../../host/host.js";
import { readLoginFiles } from "../../operator/login-files.js";
import { type SecretAccess, resolveSecret } from "../../operator/secret.js";
import { proxyLogin } from "../../names.js";
import { resolveProxyLogin } from "../../operator/proxy-login.js";
import { readContentFiles } from "../../operator/content-files.js";
import { resolveServerEnvironment } from "../../operator/server-environment.js";
import type { Terminal } from "../../report/terminal.js";
import { withRoster } from "../../roster/people.js";

/** The options of every command on a class. */
export type ClassOptions = {
  /** The configuration file. */
  config: string;
  sshConfig?: string;
  acceptNewHostKeys: boolean;
  jobs: number;
  json: boolean;
};

/** What a command needs to connect to machines. */
export type Session = {
  config: Config;
  secrets: ReadonlyMap<string, string>;
  connect: (destination: string) => Promise<Host>;
};

/** Reads the configuration, calls `prepare`, connects to the machines, does the work, and closes every connection. */
export const withCluster = async <Result>(
  options: ClassOptions,
  terminal: Terminal,
  work: (cluster: Cluster) => Promise<Result>,
  prepare: (config: Config) => Promise<void> = async () => {},
): Promise<Result> => {
  const session = await sessionOf(options, terminal);
  await prepare(session.config);
  return useCluster(await connectAll(session), work);
};

/**
 * The same for commands that read, or ask only the hub: they need the manager and the storage server only. What they show of a worker that cannot be
 * reached is in `lost`; `warns` warns of it.
 */
export const withReachable = async <Result>(
  options: ClassOptions,
  terminal: Terminal,
  work: (cluster: Cluster) => Promise<Result>,
  { warns = true, prepare = async (_config: Config) => {} } = {},
): Promise<Result> => {
  const session = await sessionOf(options, terminal);
  await prepare(session.config);
  return useCluster(await connectAll(session, { canLoseWorkers: true }), (cluster) => {
    for (const machine of warns ? lostMachines(cluster) : [])
      terminal.report.event({
        type: "warning",
        text: `${machine.destination} ${lostText(machine).text}`,
      });
    return work(cluster);
  });
};

/** Connects to all machines; the error for workers that cannot be reached says how to go on without them. */
export const connectAll = async (
  { config, secrets, connect: connectTo }: Session,
  { canLoseWorkers = false } = {},
): Promise<Cluster> => {
  try {
    return await connectCluster(config, secrets, connectTo, { canLoseWorkers });
  } catch (error) {
    const unreachable = new Set(isUnreachable(error) ? hostsOf(error) : []);
    const workers = config.workers.flatMap(({ destination }) =>
      unreachable.has(destination) ? [destination] : [],
    );
    if (!isUnreachable(error) || workers.length === 0) throw error;
    throw new UserError(error.message, {
      hint: [error.hint, lostHint(workers)].filter(Boolean).join("\n"),
      code: error.code,
      causes: [error],
    });
  }
};

const useCluster = async <Result>(
  cluster: Cluster,
  work: (cluster: Cluster) => Promise<Result>,
): Promise<Result> => {
  try {
    return await work(cluster);
  } finally {
    await closeCluster(cluster);
  }
};

/** Reads the configuration with its roster and its secrets. */
export const sessionOf = async (options: ClassOptions, terminal: Terminal): Promise<Session> => {
  const config = await withRoster(await loadConfig(options.config));
  const access: SecretAccess = { env: process.env, readFile: (path) => readFile(path, "utf8") };
  const { method } = config.login;
  const password =
    method.kind === "shared-password" ? await resolveSecret(method.password, access) : undefined;
  const environment = await resolveServerEnvironment(config, access);
  const content = await readContentFiles(config, access);
  const login = await resolveProxyLogin(config, access);
  const secrets = await readLoginFiles(config, access);
  if (login !== undefined) secrets.set(proxyLogin, login);
  if (password !== undefined) secrets.set("shared-password", password);
  if (environment !== undefined) secrets.set(serverEnvironmentSecret, environment);
  if (content.token !== undefined) secrets.set(contentTokenSecret, content.token);
  if (content.ca !== undefined) secrets.set(contentCaSecret, content.ca);
  const askHostKey = async (host: string, fingerprint: string): Promise<boolean> => {
    const answer = await terminal.ask(
      `Unknown host key of ${host}: ${fingerprint}. Trust it from now on? (yes/no) `,
    );
    return answer?.trim().toLowerCase() === "yes";
  };
  const connectOptions = {
    ...(options.sshConfig !== undefined && { sshConfigFile: options.sshConfig }),
    usesSystemSsh: config.usesSystemSsh,
    acceptNewHostKeys: options.acceptNewHostKeys,
    askHostKey: oneAtATime(askHostKey),
  };
  return { config, secrets, connect: (destination) => connect(destination, connectOptions) };
};

/** The operator, for the lock: "ada@laptop". */
export const operator = (): string => `${userInfo().username}@${hostname()}`;

let last: Promise<unknown> = Promise.resolve();
// Hosts are connected at the same time, but the operator answers one question after another.
const oneAtATime =
  <Words extends unknown[], Answer>(ask: (...words: Words) => Promise<Answer>) =>
  (...words: Words): Promise<Answer> => {
    const turn = last.then(() => ask(...words));
    last = turn.catch(() => undefined);
    return turn;
  };
