import { UnreachableError, UserError } from "../../errors.js";
import type { SshConfig } from "./config.js";
import type { Credentials } from "./keys.js";

/** What went wrong with a dial, in a sentence, with what to type. */
export const dialError = (
  host: string,
  config: SshConfig,
  { tried, locked }: Credentials,
  error: unknown,
): UserError => {
  if (error instanceof UserError) return error;
  const { code, level, message } = error as Error & { code?: unknown; level?: string };
  const where = `${config.hostname} port ${config.port}`;
  const is = (why: string, hint: string) => new UnreachableError(host, why, hint);
  const isNow = (why: string, hint: string) => new UnreachableError(host, why, hint, true);
  if (level === "client-authentication")
    return is(
      `${config.user}@${config.hostname} lets none of our keys in (${tried.join(", ") || "there is none"})${lockedNote(locked)}`,
      locked.length > 0 ? `ssh-add ${locked[0]}` : copyId(config),
    );
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return is(`the name ${config.hostname} cannot be resolved`, `getent hosts ${config.hostname}`);
  if (code === "ECONNREFUSED")
    return isNow(`${where} refuses the connection: no SSH server listens there`, `ssh ${host}`);
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH")
    return isNow(`there is no route to ${config.hostname}`, `ip route get ${config.hostname}`);
  if (code === "ETIMEDOUT" || level === "client-timeout")
    return isNow(
      `${where} did not answer in time; is it up, and does its firewall let us in?`,
      `ssh ${host}`,
    );
  // Who is not root is sent away as long as the machine boots (pam_nologin).
  if (/closed during the login/.test(message))
    return isNow(`SSH failed: ${message}`, `ssh -v ${host}`);
  if (code === "ECONNRESET" || /lost before handshake/.test(message))
    return isNow(
      `${where} hung up at once (sshd's MaxStartups, or an address that it has banned?)`,
      `ssh -v ${host}`,
    );
  return is(`SSH failed: ${message}`, `ssh -v ${host}`);
};

/** Nothing to show: said before the machine is troubled. */
export const noKeyError = (host: string, config: SshConfig, { locked }: Credentials): UserError =>
  locked.length > 0
    ? new UnreachableError(
        host,
        `${locked.join(", ")} is protected by a passphrase, and no agent holds it`,
        `eval "$(ssh-agent)"; ssh-add ${locked[0]}`,
      )
    : new UnreachableError(
        host,
        "there is no SSH key to log in with, neither a file nor in an agent",
        `ssh-keygen -t ed25519 && ${copyId(config)}`,
      );

const lockedNote = (locked: readonly string[]): string =>
  locked.length === 0
    ? ""
    : `; ${locked.join(", ")} is protected by a passphrase and was not tried`;

const copyId = ({ user, hostname, port }: SshConfig): string =>
  `ssh-copy-id ${port === 22 ? "" : `-p ${port} `}${user}@${hostname}`;
