import { CommandError, exitCode, UserError } from "./errors.js";
import { factsFrom, factsScript, type Facts } from "./facts.js";
import type { Transport } from "./host.js";
import { quote } from "./quote.js";

/** What the first look at a machine tells: whether the login is root already, and the facts. */
export type Greeting = { isRoot: boolean; facts: Facts };

/** Looks at a machine for the first time, in one command; a login that may not become root is told what is missing. */
export const greet = async (host: string, { exec }: Transport): Promise<Greeting> => {
  // The facts themselves have no deadline: they wait for a machine that still boots.
  const output = await exec(greetingScript());
  const isRoot = output.stdout.startsWith("root\n");
  if (output.code === 0) return { isRoot, facts: factsFrom(output.stdout) };
  if (isRoot) throw new CommandError(host, "the first look", output);
  const name = output.stdout.trim().split("\n").at(-1) ?? "";
  const line = `${name} ALL=(ALL) NOPASSWD: ALL`;
  throw new UserError(
    `${host}: ${name} is not root and cannot become root without a password: ${output.stderr.trim()}`,
    `on that machine, as root: echo '${line}' >/etc/sudoers.d/swarmhub && chmod 0440 /etc/sudoers.d/swarmhub`,
    exitCode.preflight,
  );
};

/**
 * In the command itself and not by stdin, which would cost a round trip: there is no secret in it. sudo gets it by
 * stdin all the same, since it writes every command that it runs into the machine's log.
 */
const greetingScript = (): string => `facts=${quote(factsScript())}
if [ "$(id -u)" = 0 ]; then echo root; eval "$facts"; exit; fi
printf '%s\\n' "$facts" | sudo -n -- sh -s || { code=$?; id -un; exit $code; }`;
