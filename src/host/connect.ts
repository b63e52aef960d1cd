import { dockerOver } from "../docker/client.js";
import { UnreachableError, UserError, exitCode } from "../errors.js";
import { localTransport } from "../transport/local.js";
import { dockerSocket } from "../transport/socket.js";
import { sshTransport } from "../transport/ssh.js";
import { systemTransport } from "../transport/system.js";
import { type Progress, waitUntil } from "../wait.js";
import { type Host, createHost } from "./host.js";
import { probeLogin } from "./login.js";

/** How to connect: another file than ~/.ssh/config, what to do with an unknown host key, how long to wait (milliseconds, 15 s). */
export type ConnectOptions = {
  sshConfigFile?: string;
  acceptNewHostKeys: boolean;
  askHostKey?: (host: string, fingerprint: string) => Promise<boolean>;
  timeoutMs?: number;
  /** Whether the system's own ssh connects, in place of ssh2. */
  usesSystemSsh?: boolean;
};

/** Connects to a machine, "local" or an OpenSSH destination, and checks that we can be root there. */
export const connect = async (
  destination: string,
  options: ConnectOptions,
  platform: NodeJS.Platform = process.platform,
): Promise<Host> => {
  // macOS and Windows have neither the kernel nor the commands of a class.
  if (destination === "local" && platform !== "linux")
    throw new UserError(`"local" is this machine, and it does not run Linux (${platform})`, {
      hint: "name a Linux machine as OpenSSH does: `manager: debian@203.0.113.10`",
      code: exitCode.preflight,
    });
  const { usesSystemSsh = false, ...dialOptions } = { timeoutMs: 15_000, ...options };
  const overSsh = usesSystemSsh ? systemTransport : sshTransport;
  const transport =
    destination === "local" ? localTransport() : await overSsh(destination, dialOptions);
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
