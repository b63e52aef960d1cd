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

/** How to connect: another file than ~/.ssh/config, what to do with an unknown host key, how long to wait (milliseconds, 15 s). */
export type ConnectOptions = {
  sshConfigFile?: string;
  acceptNewHostKeys: boolean;
  askHostKey?: (host: string, fingerprint: string) => Promise<boolean>;
  timeoutMs?: number;
};

/** Connects to a machine, "local" or an OpenSSH destination, and checks that we can be root there. */
export const connect = async (destination: string, options: ConnectOptions): Promise<Host> => {
  const transport =
    destination === "local"
      ? localTransport()
      : await sshTransport(destination, { timeoutMs: 15_000, ...options });
  try {
    // At the same time as the first command, which takes longer.
    transport.prepare(dockerSocket);
    const { isRoot, facts } = await probeLogin(destination, transport);
    const docker = dockerOver(destination, () => transport.socket(dockerSocket));
    return createHost(destination, transport, docker, { isRoot, facts });
  } catch (error) {
    await transport.close();
    throw error;
  }
};

/** Reads the facts of a machine in one command. Throws a UserError with a hint where the login cannot become root. */
export const probeLogin = async (host: string, { exec }: Transport): Promise<FirstContact> => {
  // Without a deadline: the script waits for a machine that is still booting.
  const output = await exec(loginScript());
  const isRoot = output.stdout.startsWith("root\n");
  if (output.code === 0) return { isRoot, facts: factsFrom(output.stdout) };
  if (isRoot) throw new CommandError(host, "read the facts", output);
  const user = output.stdout.trim().split("\n").at(-1) ?? "";
  const line = `${user} ALL=(ALL) NOPASSWD: ALL`;
  throw new UserError(
    `${user} is not root and cannot become root without a password: ${output.stderr.trim()}`,
    {
      host,
      hint: `on that machine, as root: echo '${line}' >/etc/sudoers.d/swarmhub && chmod 0440 /etc/sudoers.d/swarmhub`,
      code: exitCode.preflight,
    },
  );
};

/**
 * The facts script is in the command and not on stdin, which would cost a round trip; it has no secret. sudo gets it on
 * stdin, since it writes every command that it runs into the machine's log.
 */
const loginScript = (): string => `facts=${quote(factsScript())}
if [ "$(id -u)" = 0 ]; then echo root; eval "$facts"; exit; fi
printf '%s\\n' "$facts" | sudo -n -- sh -s || { code=$?; id -un; exit $code; }`;

/** How long to wait for a machine and how often to try, in milliseconds. */
type BootWait = { wait: number; every?: number; signal?: AbortSignal };

/**
 * Connects to a machine that may have been created a second ago: retries errors of a machine that is still booting.
 * Throws the last of these at the deadline; other errors, such as a rejected key, at once.
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
        const mayBeBooting = error instanceof UnreachableError && error.mayBeBooting;
        if (!mayBeBooting || signal?.aborted === true) throw error;
        last = error;
        progress(error.reason);
        return undefined;
      }
    },
    { deadline: wait, every, otherwise: () => last as UnreachableError },
  );
};
