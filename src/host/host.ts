import type { Docker } from "../docker/client.js";
import { CommandError } from "../errors.js";
import { quote, quoteAll } from "../text/shell.js";
import { titleOf } from "../transport/streams.js";
import type { ExecOptions, Transport } from "../transport/transport.js";
import type { Facts } from "./facts.js";
import { factsFrom } from "./facts/parse.js";
import { factsScript } from "./facts/script.js";

/** What the first look at a machine tells: whether the login is root already, and the facts. */
export type FirstContact = { isRoot: boolean; facts: Facts };

/** A machine that we manage. Commands run as root, by `sudo -n` where the login is not root. */
export type Host = {
  /** As the configuration names it. */
  name: string;
  /** Runs argv and answers its stdout; throws CommandError on a non-zero exit. */
  run: (argv: readonly string[], options?: ExecOptions) => Promise<string>;
  /**
   * Runs a POSIX shell script given by stdin, so that nothing of it shows in a process list; throws CommandError. Outside
   * of a step, whose title is in its errors, it needs a title.
   */
  script: (text: string, options?: Omit<ExecOptions, "input">) => Promise<string>;
  /** Writes a file beside its place, then renames it; makes missing folders (0755). */
  write: (path: string, content: string | Uint8Array, mode?: number) => Promise<void>;
  docker: Docker;
  /** What a look at the machine answered, by a name for it: looked once, and again after `forget`. */
  remember: <Seen>(what: string, look: () => Promise<Seen>) => Promise<Seen>;
  /** What the machine is like, remembered. */
  facts: () => Promise<Facts>;
  /** Something changed there: whatever was remembered is looked at again. */
  forget: () => void;
  close: () => Promise<void>;
};

/** A host on a transport, from what the first look at it told. */
export const createHost = (
  name: string,
  transport: Transport,
  docker: Docker,
  { isRoot, facts }: FirstContact,
): Host => {
  const asRoot = isRoot ? "" : "sudo -n -- ";
  const seen = new Map<string, Promise<unknown>>([["facts", Promise.resolve(facts)]]);

  const execute = async (
    command: string,
    options: ExecOptions & { title: string },
  ): Promise<string> => {
    const output = await transport.exec(asRoot + command, options);
    if (output.code !== 0) throw new CommandError(name, options.title, output);
    return output.stdout;
  };
  const run: Host["run"] = (argv, options) =>
    execute(quoteAll(argv), { title: titleOf(argv.join(" ")), ...options });
  const script: Host["script"] = (text, options) =>
    // In braces, so that the shell has all of it before it begins: a connection that is cut runs no half of it.
    execute("sh -s", { title: "", ...options, input: `{\n${text}\n}\n` });

  const remember: Host["remember"] = <Seen>(what: string, look: () => Promise<Seen>) => {
    const known = seen.get(what) as Promise<Seen> | undefined;
    if (known !== undefined) return known;
    const looking = look();
    seen.set(what, looking);
    // A look that failed says nothing of the machine.
    looking.catch(() => seen.get(what) === looking && seen.delete(what));
    return looking;
  };

  return {
    name,
    docker,
    run,
    script,
    write: async (path, content, mode = 0o644) => {
      const temporary = `${path}.swarmhub-new`;
      const folder = path.slice(0, path.lastIndexOf("/")) || "/";
      // `install /dev/stdin` fails where stdin is a socket, as sshd makes it; cat does not.
      const steps = [
        `mkdir -p ${quote(folder)}`,
        `umask 077`,
        `cat >${quote(temporary)}`,
        `chmod ${mode.toString(8)} ${quote(temporary)}`,
        `mv -f ${quote(temporary)} ${quote(path)}`,
      ];
      await execute(`sh -c ${quote(steps.join(" && "))}`, {
        title: `write ${path}`,
        input: content,
      });
    },
    remember,
    facts: () =>
      remember("facts", async () =>
        factsFrom(await script(factsScript(), { title: "read the facts" })),
      ),
    forget: () => seen.clear(),
    close: () => transport.close(),
  };
};
