import { CommandError, type Output, UserError, exitCode } from "../errors.js";
import { printable } from "../text/format.js";
import { quote } from "../text/shell.js";
import type { Transport } from "../transport/transport.js";
import { factsFrom } from "./facts/parse.js";
import { factsScript } from "./facts/script.js";
import type { FirstContact } from "./host.js";

/** Reads the facts of a machine in one command. Throws a UserError with a hint where the login cannot become root. */
export const probeLogin = async (host: string, { exec }: Transport): Promise<FirstContact> => {
  // Without a deadline: the script waits for a machine that is still booting.
  const output = await exec(loginScript());
  // Our own word, because the login's shell may print before it.
  const [, user] = /^swarmhub-login (\S+)$/m.exec(output.stdout) ?? [];
  const isRoot = user === "root";
  if (output.code === 0) return { isRoot, facts: factsFrom(output.stdout) };
  if (isRoot) throw new CommandError(host, "read the facts", output);
  if (user === undefined || !/^\w[\w.+@-]*\$?$/.test(user))
    throw otherUser(host, output) ?? noCommands(host, output);
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
if [ "$(id -u)" = 0 ]; then echo swarmhub-login root; eval "$facts"; exit; fi
printf '%s\\n' "$facts" | sudo -n -- sh -s || { code=$?; echo "swarmhub-login $(id -un)"; exit $code; }`;

/** cloud-init forbids root's login by a command that prints this, waits 10 s and ends with 142 (its disable_root_opts). */
const otherUser = (host: string, { stdout }: Output): UserError | undefined => {
  const [, user] = /^Please login as the user "(\w[\w.-]*)" rather than/m.exec(stdout) ?? [];
  if (user === undefined) return undefined;
  const isUri = host.startsWith("ssh://");
  const place = host.replace(/^ssh:\/\//, "").replace(/^.*@/, "");
  return new UserError(`this machine wants logins as ${user}, not as root`, {
    host,
    hint: `write \`${isUri ? "ssh://" : ""}${user}@${place}\` instead of \`${host}\` in the configuration`,
    code: exitCode.preflight,
  });
};

const noCommands = (host: string, { stdout, stderr }: Output): UserError =>
  new UserError(
    `this login does not run commands; it answers: "${printable(`${stdout} ${stderr}`).slice(0, 200)}"`,
    { host, hint: `ssh ${quote(host)} id`, code: exitCode.preflight },
  );
