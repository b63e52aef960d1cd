import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { UnreachableError } from "../../errors.js";
import { type SshConfig, resolveSsh } from "./config.js";
import { type Line, type LoginOptions, login } from "./login.js";

/** How to dial: which ssh configuration to read (the user's own if undefined), and how to log in. */
export type DialOptions = LoginOptions & { sshConfigFile?: string };

/** Connects to an OpenSSH destination through its jump hosts, each verified; `close` ends them all. Throws UnreachableError with a hint. */
export const dial = async (destination: string, options: DialOptions, depth = 0): Promise<Line> => {
  if (depth > 8)
    throw new UnreachableError(
      destination,
      "more than 8 jump hosts, or a circle of them",
      `ssh -G ${destination} | grep -i proxyjump`,
    );
  const config = await resolveSsh(destination, options.sshConfigFile);
  const lines: Line[] = [];
  const close = async () => {
    for (const line of lines.toReversed()) await line.close();
  };
  try {
    for (const [index, jump] of config.jumps.entries()) {
      const name = destinationOf(jump);
      const before = lines.at(-1)?.client;
      // The nearest jump host may have jump hosts of its own; the others are reached through it.
      if (before === undefined || index === 0) lines.push(await dial(name, options, depth + 1));
      else {
        const its = await resolveSsh(name, options.sshConfigFile);
        lines.push(await login(name, its, () => forwarded(name, before, its), options));
      }
    }
    const before = lines.at(-1)?.client;
    const way = before && (() => forwarded(destination, before, config));
    const last = await login(destination, config, way, options);
    lines.push(last);
    return { ...last, close };
  } catch (error) {
    await close();
    throw error;
  }
};

/** A jump is user@host:port, which ssh takes as a destination only in the form of an URI. */
const destinationOf = (jump: string): string =>
  jump.startsWith("ssh://") || !/:\d+$/.test(jump) ? jump : `ssh://${jump}`;

const forwarded = (host: string, before: Client, { hostname, port }: SshConfig): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    before.forwardOut("127.0.0.1", 0, hostname, port, (error, channel) => {
      if (error === undefined) resolve(channel);
      else
        reject(
          new UnreachableError(
            host,
            `the jump host cannot reach ${hostname} port ${port}: ${error.message}`,
            "the jump host's sshd_config needs: AllowTcpForwarding yes",
          ),
        );
    });
  });
