import { dockerOver } from "./docker.js";
import { greet } from "./greeting.js";
import { createHost, type Host } from "./host.js";
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
    // Beside the greeting, which takes longer.
    transport.prepare(dockerSocket);
    const { isRoot, facts } = await greet(destination, transport);
    const docker = dockerOver(destination, () => transport.socket(dockerSocket));
    return createHost(destination, transport, docker, { isRoot, facts });
  } catch (error) {
    await transport.close();
    throw error;
  }
};
