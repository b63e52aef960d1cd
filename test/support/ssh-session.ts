import { appendFile } from "node:fs/promises";
import type { ExecutionContext } from "ava";
import { UserError } from "../../src/errors.js";
import { type ConnectOptions, connect } from "../../src/host/connect.js";
import { sshTransport } from "../../src/transport/ssh.js";
import type { DialOptions } from "../../src/transport/ssh/dial.js";
import type { Transport } from "../../src/transport/transport.js";
import { type Sshd, startSshd } from "./sshd.js";

/** The options of `startSshd`. */
export type SshdOptions = Parameters<typeof startSshd>[0];

/** An sshd for one test. */
export const sshdFor = async (t: ExecutionContext, settings?: SshdOptions): Promise<Sshd> => {
  const sshd = await startSshd(settings);
  t.teardown(() => sshd.close());
  return sshd;
};

/** Connects, runs one command and disconnects. */
export const connectAndRun = async (
  { configFile }: Sshd,
  options: Partial<ConnectOptions> = {},
): Promise<string> => {
  const host = await connect("box", {
    sshConfigFile: configFile,
    acceptNewHostKeys: false,
    ...options,
  });
  try {
    return await host.run(["echo", "hello"]);
  } finally {
    await host.close();
  }
};

/** The UserError that connecting must end in. */
export const connectionError = (
  t: ExecutionContext,
  visiting: Promise<unknown>,
): Promise<UserError> => t.throwsAsync(visiting, { instanceOf: UserError });

/** A connection alone, without the check for root. */
export const transportTo = (
  { configFile }: Sshd,
  options: Partial<DialOptions> = {},
): Promise<Transport> =>
  sshTransport("box", {
    sshConfigFile: configFile,
    acceptNewHostKeys: true,
    timeoutMs: 10_000,
    ...options,
  });

/** Adds a key to the known_hosts of the SSH configuration. */
export const addKnownHost = async (sshd: Sshd, key: string, marker = ""): Promise<void> =>
  appendFile(sshd.knownHosts, `${marker}[127.0.0.1]:${sshd.port} ${key}\n`);

/** Cuts the connection while eight commands run and others wait; each must end with an error that names the host. */
export const loseConnection = async (
  t: ExecutionContext,
  sshd: Sshd,
  transport: Transport,
): Promise<void> => {
  let started = 0;
  const onLine = () => {
    started += 1;
    if (started === 8) sshd.cut();
  };
  const running = Array.from({ length: 12 }, () =>
    transport.exec("echo started; sleep 30", { onLine }),
  );
  for (const result of await Promise.allSettled(running)) {
    t.is(result.status, "rejected");
    const error = (result as { reason: Error }).reason;
    t.is(error.name, "UnreachableError");
    t.regex(error.message, /^box: the connection was lost/);
  }
};

/** A transport whose connection is lost refuses commands and sockets. */
export const refusesAll = async (t: ExecutionContext, transport: Transport): Promise<void> => {
  await t.throwsAsync(transport.exec("true"), { name: "UnreachableError" });
  await t.throwsAsync(transport.socket("/run/any"), { name: "UnreachableError" });
};
