import { UnreachableError, UserError } from "../../errors.js";
import type { SshConfig } from "./config.js";
import type { Credentials } from "./keys.js";

/** The error of a failed connection, with the command to type. */
export const dialError = (
  host: string,
  config: SshConfig,
  { tried, locked }: Pick<Credentials, "tried" | "locked">,
  error: unknown,
  skipped: readonly string[] = [],
): UserError => {
  if (error instanceof UserError) return error;
  const { code, level, message } = error as Error & { code?: unknown; level?: string };
  const address = `${config.hostname} port ${config.port}`;
  const lasting = (reason: string, hint: string) => new UnreachableError(host, reason, hint);
  /** A machine that is still booting fails like this, too. */
  const passing = (reason: string, hint: string) => new UnreachableError(host, reason, hint, true);
  if (level === "client-authentication")
    return lasting(
      `${config.user}@${config.hostname} rejected every key (${tried.join(", ") || "none"})${lockedNote(locked)}${skippedNote(skipped)}`,
      locked.length > 0 ? `ssh-add ${locked[0]}` : keyHint(config, skipped),
    );
  if (/Too many authentication failures/i.test(message))
    return lasting(
      `${config.user}@${config.hostname} ended the login after too many keys (${tried.join(", ")})${lockedNote(locked)}${skippedNote(skipped)}`,
      `in ~/.ssh/config, below \`Host ${config.hostname}\`, name the key that it accepts: \`IdentityFile ~/.ssh/KEY.pub\` and \`IdentitiesOnly yes\``,
    );
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return lasting(`the name ${config.hostname} cannot be resolved`, `ssh -v ${host}`);
  if (code === "ECONNREFUSED")
    return passing(
      `${address} refused the connection: no SSH server listens there, or the machine still starts`,
      `ssh ${host}`,
    );
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH")
    return passing(
      `no route to ${config.hostname}`,
      `if it came back with another address, write that one into the configuration; else: \`ssh -v ${host}\``,
    );
  if (code === "ETIMEDOUT" || level === "client-timeout")
    return passing(
      `${address} did not answer in time; is the machine up, and does its firewall allow SSH?`,
      `if it came back with another address, write that one into the configuration; else: \`ssh ${host}\``,
    );
  // While a machine boots, only root may log in (pam_nologin).
  if (level === "client-closed")
    return passing(
      `${address} closed the connection during the login, as a machine does while it starts`,
      `if it was started just now, wait a minute; else: \`ssh -v ${host}\``,
    );
  // Since OpenSSH 9.8, sshd turns an address away after failed logins: for 15 s or longer, 5 s for each (PerSourcePenalties).
  if (code === "ECONNRESET" || /lost before handshake/.test(message))
    return passing(
      `${address} closed the connection at once, as sshd does for a while after failed logins or while it has too many connections`,
      `wait a minute; if it stays like this, ask whether this address is banned there: \`ssh -v ${host}\``,
    );
  return lasting(`SSH failed: ${message}`, `ssh -v ${host}`);
};

/** The error of a login without any key, thrown before the machine is contacted. */
export const noKeyError = (
  host: string,
  config: SshConfig,
  { locked }: Pick<Credentials, "locked">,
  skipped: readonly string[] = [],
): UserError =>
  locked.length > 0
    ? new UnreachableError(
        host,
        `${locked.join(", ")} has a passphrase, and no agent holds it`,
        `eval "$(ssh-agent)"; ssh-add ${locked[0]}`,
      )
    : new UnreachableError(
        host,
        skipped.length > 0
          ? `no SSH key to log in with${skippedNote(skipped)}`
          : "no SSH key to log in with, neither in a file nor in an agent",
        skipped.length > 0
          ? keyHint(config, skipped)
          : `ssh-keygen -t ed25519 && ${copyId(config)}`,
      );

const lockedNote = (locked: readonly string[]): string =>
  locked.length === 0 ? "" : `; ${locked.join(", ")} has a passphrase and was not tried`;

const skippedNote = (skipped: readonly string[]): string =>
  skipped.length === 0 ? "" : `; not tried: ${skipped.join(", ")}`;

/** What to write where ssh logs in with something that swarmhub's own SSH cannot use. Windows' ssh cannot share a connection. */
export const systemHint = (platform: NodeJS.Platform = process.platform): string =>
  platform === "win32"
    ? "use swarmhub in WSL, with `ssh: system` in swarmhub.yaml"
    : "to log in by the system's ssh, write the line `ssh: system` into swarmhub.yaml";

/** Where ssh itself can log in, it can do so for swarmhub, or ssh-copy-id can add a key that swarmhub can use. */
const keyHint = (config: SshConfig, skipped: readonly string[]): string =>
  skipped.length === 0
    ? copyId(config)
    : `${systemHint()}; or add a plain key: \`ssh-keygen -t ed25519 -f ~/.ssh/id_swarmhub && ${copyId(config, "-i ~/.ssh/id_swarmhub.pub ")}\`, then \`ssh-add ~/.ssh/id_swarmhub\``;

const copyId = ({ user, hostname, port }: SshConfig, options = ""): string =>
  `ssh-copy-id ${options}${port === 22 ? "" : `-p ${port} `}${user}@${hostname}`;
