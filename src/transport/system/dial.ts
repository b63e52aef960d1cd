import { UnreachableError } from "../../errors.js";
import { type SshConfig, resolveSsh } from "../ssh/config.js";
import { type DialOptions, destinationOf, jumpError, tooManyJumps } from "../ssh/dial.js";
import { dialError, noKeyError } from "../ssh/errors.js";
import { verifyHostKey } from "../ssh/host-key.js";
import { credentialsOf } from "../ssh/keys.js";
import { proxyOver } from "./client.js";
import { failureOf, isHostKeyFailure, jumpFailure, offeredKeys } from "./failures.js";
import { type Master, openMaster } from "./master.js";
import { withOfferedKey } from "./offered-key.js";
import { NoLoginError } from "./process.js";

/** A login over the system's ssh, with the user's name on the machine. */
export type SystemLogin = Master & { user: string };

/**
 * Connects by the system's ssh, which may use whatever ~/.ssh/config says. Jump hosts are connections of their own, so that each host key
 * is compared with the same words. Throws UnreachableError with a hint.
 */
export const dialBySystem = async (
  destination: string,
  options: DialOptions,
  platform: NodeJS.Platform = process.platform,
  depth = 0,
): Promise<SystemLogin> => {
  if (platform === "win32") throw noSharing(destination);
  if (depth > 8) throw tooManyJumps(destination);
  const config = await resolveSsh(destination, options.sshConfigFile);
  const masters: Master[] = [];
  const close = async (): Promise<void> => {
    for (const master of masters.toReversed()) await master.close();
  };
  try {
    for (const [index, jump] of config.jumps.entries()) {
      const name = destinationOf(jump);
      const previous = masters.at(-1);
      // The nearest jump host may have jump hosts of its own; the others are reached through it.
      masters.push(
        previous === undefined || index === 0
          ? await dialBySystem(name, options, platform, depth + 1)
          : await logIn(name, await resolveSsh(name, options.sshConfigFile), previous, options),
      );
    }
    const last = await logIn(destination, config, masters.at(-1), options);
    masters.push(last);
    return { ...last, user: config.user, close };
  } catch (error) {
    await close();
    throw error;
  }
};

const noSharing = (destination: string): UnreachableError =>
  new UnreachableError(
    destination,
    "`ssh: system` does not work on Windows, whose ssh cannot share one connection (ControlMaster)",
    "use swarmhub in WSL, or delete the line `ssh: system`",
  );

const logIn = async (
  host: string,
  config: SshConfig,
  through: Master | undefined,
  options: DialOptions,
): Promise<Master> => {
  const words = [
    ...(options.sshConfigFile === undefined ? [] : ["-F", options.sshConfigFile]),
    ...(through === undefined ? [] : ["-o", `ProxyCommand=${proxyOver(through.control)}`]),
  ];
  try {
    return await openMaster(host, words, options);
  } catch (error) {
    if (!(error instanceof NoLoginError)) throw error;
    if (!isHostKeyFailure(error.lines)) throw await explained(host, config, through, error);
  }
  try {
    return await withOfferedKey(host, words, options.timeoutMs, async ({ key, trusting }) => {
      // Refuses a changed key, asks about a new one, and writes down what is accepted. Then ssh itself compares again, with this key
      // and not with the operator's file, which may be /dev/null.
      await verifyHostKey(host, config, key, { ...options, knowsAuthorities: true });
      return openMaster(host, [...trusting, ...words], options);
    });
  } catch (error) {
    throw error instanceof NoLoginError ? await explained(host, config, through, error) : error;
  }
};

const explained = async (
  host: string,
  config: SshConfig,
  through: Master | undefined,
  { lines }: NoLoginError,
): Promise<Error> => {
  const refused = through && jumpFailure(through.lines());
  if (refused !== undefined) return jumpError(host, config, refused);
  const failure = failureOf(lines);
  const { locked } = await credentialsOf(config);
  // ssh offers the public part of a key that it cannot open.
  const tried = offeredKeys(lines).filter((key) => !locked.includes(key));
  return failure.level === "client-authentication" && tried.length === 0
    ? noKeyError(host, config, { locked })
    : dialError(host, config, { tried, locked }, failure);
};
