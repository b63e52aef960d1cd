import { dockerOver } from "./docker.js";
import { exitCode, UserError } from "./errors.js";
import { createHost, type Host, type Transport } from "./host.js";
import { localTransport } from "./local.js";
import { dockerSocket } from "./socket.js";
import { sshTransport } from "./ssh.js";

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
    const isRoot = await checkRoot(destination, transport, options.timeoutMs ?? 15_000);
    const docker = dockerOver(destination, () => transport.socket(dockerSocket));
    return createHost(destination, transport, docker, isRoot);
  } catch (error) {
    await transport.close();
    throw error;
  }
};

/** Whether the login is root; one that may not become root is told what is missing. */
const checkRoot = async (
  destination: string,
  transport: Transport,
  timeout: number,
): Promise<boolean> => {
  const look = await transport.exec(`id -u; id -un; test "$(id -u)" = 0 || sudo -n true`, {
    timeout,
  });
  const [uid = "", name = ""] = look.stdout.trim().split("\n");
  if (uid === "0") return true;
  if (look.code === 0) return false;
  const line = `${name} ALL=(ALL) NOPASSWD: ALL`;
  throw new UserError(
    `${destination}: ${name} is not root and cannot become root without a password: ${look.stderr.trim()}`,
    `on that machine, as root: echo '${line}' >/etc/sudoers.d/swarmhub && chmod 0440 /etc/sudoers.d/swarmhub`,
    exitCode.preflight,
  );
};
