import { dockerOver } from "../docker/client.js";
import { CommandError, UnreachableError, UserError, exitCode } from "../errors.js";

import { quote } from "../text/shell.js";
import { localTransport } from "../transport/local.js";
import { dockerSocket } from "../transport/socket.js";
import { sshTransport } from "../transport/ssh.js";
import type { Transport } from "../transport/transport.js";
import { type Progress, waitUntil } from "../wait.js";
import { factsFrom } from "./facts/parse.js";
import { factsScript } from "./facts/script.js";
import { type FirstContact, type Host, createHost } from "./host.js";

/** How to connect: another file than ~/.ssh/config, what to do with an unknown host key, how long to wait (15 s). */
export type ConnectOptions = {
  sshConfigFile?: string;
  acceptNewHostKeys: boolean;
  askHostKey?: (host: string, fingerprint: string) => Promise<boolean>;
  timeoutMs?: number;
};

/** Connects to a machine, "local" or an OpenSSH destination, and makes sure that we can be root on it. */
export const connect = async (destination: string, options: ConnectOptions): Promise<Host> => {
  const transport =
    destination === "local"
      ? localTransport()
      : await sshTransport(destination, { timeoutMs: 15_000, ...options });
  try {
    // Beside the greeting, which takes longer.
    transport.prepare(dockerSocket);
    const { isRoot, facts } = await probeLogin(destination, transport);
    const docker = dockerOver(destination, () => transport.socket(dockerSocket));
    return createHost(destination, transport, docker, { isRoot, facts });
  } catch (error) {
    await transport.close();
    throw error;
  }
};

/** Looks at a machine for the first time, in one command; a login that may not become root is told what is missing. */
export const probeLogin = async (host: string, { exec }: Transport): Promise<FirstContact> => {
  // The facts themselves have no deadline: they wait for a machine that still boots.
  const output = await exec(greetingScript());
  const isRoot = output.stdout.startsWith("root\n");
  if (output.code === 0) return { isRoot, facts: factsFrom(output.stdout) };
  if (isRoot) throw new CommandError(host, "read the facts", output);
  const name = output.stdout.trim().split("\n").at(-1) ?? "";
  const line = `${name} ALL=(ALL) NOPASSWD: ALL`;
  throw new UserError(
    `${name} is not root and cannot become root without a password: ${output.stderr.trim()}`,
    {
      host,
      hint: `on that machine, as root: echo '${line}' >/etc/sudoers.d/swarmhub && chmod 0440 /etc/sudoers.d/swarmhub`,
      code: exitCode.preflight,
    },
  );
};

/**
 * In the command itself and not by stdin, which would cost a round trip: there is no secret in it. sudo gets it by
 * stdin all the same, since it writes every command that it runs into the machine's log.
 */
const greetingScript = (): string => `facts=${quote(factsScript())}
if [ "$(id -u)" = 0 ]; then echo root; eval "$facts"; exit; fi
printf '%s\\n' "$facts" | sudo -n -- sh -s || { code=$?; id -un; exit $code; }`;

/** How long a machine is waited for and how often it is tried, in milliseconds. */
export type BootWait = { wait: number; every?: number; signal?: AbortSignal };

/**
 * Connects to a machine that may have been made a second ago: tries again while it fails as one that still boots does.
 * Throws what the last try said; at once what does not pass by itself, as a wrong key.
 */
export const connectWhenBooted = async (
  destination: string,
  attempt: (destination: string) => Promise<Host>,
  progress: Progress,
  { wait, every = 2000, signal }: BootWait,
): Promise<Host> => {
  let last: UnreachableError | undefined;
  return waitUntil(
    async () => {
      try {
        return await attempt(destination);
      } catch (error) {
        const passes = error instanceof UnreachableError && error.mayBeBooting;
        if (!passes || signal?.aborted === true) throw error;
        last = error;
        progress(error.reason);
        return undefined;
      }
    },
    { deadline: wait, every, otherwise: () => last as UnreachableError },
  );
};
