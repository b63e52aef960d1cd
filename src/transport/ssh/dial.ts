import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { UnreachableError } from "../../errors.js";
import { openChannel } from "./channels.js";
import { systemHint } from "./errors.js";
import { type SshConfig, resolveSsh } from "./config.js";
import { type Login, type LoginOptions, login } from "./login.js";

/** How to dial: which SSH configuration to read (by default the user's own), and how to log in. */
export type DialOptions = LoginOptions & { sshConfigFile?: string };

/** Connects to an OpenSSH destination through its jump hosts, each verified; `close` ends them all. Throws UnreachableError with a hint. */
export const dial = async (
  destination: string,
  options: DialOptions,
  depth = 0,
): Promise<Login> => {
  if (depth > 8) throw tooManyJumps(destination);
  const config = await configOf(destination, options);
  const logins: Login[] = [];
  const close = async () => {
    for (const each of logins.toReversed()) await each.close();
  };
  try {
    for (const [index, jump] of config.jumps.entries()) {
      const name = destinationOf(jump);
      const previous = logins.at(-1)?.client;
      // The nearest jump host may have jump hosts of its own; the others are reached through it.
      if (previous === undefined || index === 0) logins.push(await dial(name, options, depth + 1));
      else {
        const jumpConfig = await configOf(name, options);
        const open = () => forwardTcp(name, previous, jumpConfig);
        logins.push(await login(name, jumpConfig, open, options));
      }
    }
    const previous = logins.at(-1)?.client;
    const open = previous && (() => forwardTcp(destination, previous, config));
    const last = await login(destination, config, open, options);
    logins.push(last);
    return { ...last, close };
  } catch (error) {
    await close();
    throw error;
  }
};

/** The error of a jump host that leads to itself, or of too many. */
export const tooManyJumps = (destination: string): UnreachableError =>
  new UnreachableError(
    destination,
    "more than 8 jump hosts, or jump hosts in a circle",
    `ssh -G ${destination} | grep -i proxyjump`,
  );

const configOf = async (
  destination: string,
  { sshConfigFile }: DialOptions,
): Promise<SshConfig> => {
  const config = await resolveSsh(destination, sshConfigFile);
  if (!config.hasProxyCommand) return config;
  throw new UnreachableError(
    destination,
    "swarmhub's own SSH does not know ProxyCommand, only ProxyJump",
    systemHint(),
  );
};

/** A jump is user@host:port, which ssh accepts as a destination only in the form of a URI. */
export const destinationOf = (jump: string): string =>
  jump.startsWith("ssh://") || !/:\d+$/.test(jump) ? jump : `ssh://${jump}`;

const forwardTcp = (
  host: string,
  jumpHost: Client,
  { hostname, port }: SshConfig,
): Promise<Duplex> =>
  openChannel(
    host,
    (done) => jumpHost.forwardOut("127.0.0.1", 0, hostname, port, done),
    ({ message }) => jumpError(host, { hostname, port }, message),
  );

/** The error of a jump host that does not forward to the machine. */
export const jumpError = (
  host: string,
  { hostname, port }: Pick<SshConfig, "hostname" | "port">,
  reason: string,
): UnreachableError =>
  new UnreachableError(
    host,
    `the jump host cannot reach ${hostname} port ${port}: ${reason}`,
    "the jump host's sshd_config needs: AllowTcpForwarding yes",
  );
