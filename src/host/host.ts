import type { Docker } from "../docker/client.js";
import { CommandError } from "../errors.js";
import { quote, quoteAll } from "../text/shell.js";
import { deadlineCommand, titleOf } from "../transport/streams.js";
import type { ExecOptions, Transport } from "../transport/transport.js";
import type { Facts } from "./facts.js";
import { factsFrom } from "./facts/parse.js";
import { factsScript } from "./facts/script.js";

/** The result of the first command on a machine: whether the login is root, and the facts. */
export type FirstContact = { isRoot: boolean; facts: Facts };

/** A machine of the class. Commands run as root, with `sudo -n` where the login is not root. */
export type Host = {
  /** Its name in the configuration. */
  name: string;
  /** Its address as the operator reaches it; undefined on the machine itself and behind a jump host. */
  reachedAt?: string | undefined;
  /** Runs argv and returns its stdout; throws CommandError on a non-zero exit. */
  run: (argv: readonly string[], options?: ExecOptions) => Promise<string>;
  /**
   * Runs a POSIX shell script on stdin, so that no process list shows it; throws CommandError. Outside of a step, whose
   * title is in front of its errors, it needs a title of its own.
   */
  script: (text: string, options?: Omit<ExecOptions, "input">) => Promise<string>;
  /** Writes a file under a temporary name, then renames it; creates missing folders (0755). */
  write: (path: string, content: string | Uint8Array, mode?: number) => Promise<void>;
  docker: Docker;
  /** Calls `inspect` once and remembers its result under this key, until `forget`. */
  remember: <Result>(key: string, inspect: () => Promise<Result>) => Promise<Result>;
  /** The facts of the machine, remembered. */
  facts: () => Promise<Facts>;
  /** The machine changed: forgets what is remembered. */
  forget: () => void;
  close: () => Promise<void>;
};

/** A host on a transport, with the facts of the first contact. */
export const createHost = (
  name: string,
  transport: Transport,
  docker: Docker,
  { isRoot, facts }: FirstContact,
): Host => {
  // The transport's deadline ends sudo and the shell, but not what root's shell started: that would run on beside the next run.
  const asRoot = (timeout: number | undefined): string =>
    isRoot ? "" : `sudo -n -- ${timeout === undefined ? "" : `${deadlineCommand(timeout)} `}`;
  const remembered = new Map<string, Promise<unknown>>([["facts", Promise.resolve(facts)]]);

  const execute = async (
    command: string,
    options: ExecOptions & { title: string },
  ): Promise<string> => {
    const output = await transport.exec(asRoot(options.timeout) + command, options);
    if (output.code !== 0) throw new CommandError(name, options.title, output);
    return output.stdout;
  };
  const run: Host["run"] = (argv, options) =>
    execute(quoteAll(argv), { title: titleOf(argv.join(" ")), ...options });
  const script: Host["script"] = (text, options) =>
    // In braces, so that the shell reads all of it before it starts: after a lost connection no half of it runs.
    execute("sh -s", { title: "", ...options, input: `{\n${text}\n}\n` });

  const remember: Host["remember"] = <Result>(key: string, inspect: () => Promise<Result>) => {
    const known = remembered.get(key) as Promise<Result> | undefined;
    if (known !== undefined) return known;
    const result = inspect();
    remembered.set(key, result);
    // A failure is not remembered.
    result.catch(() => remembered.get(key) === result && remembered.delete(key));
    return result;
  };

  return {
    name,
    reachedAt: transport.address,
    docker,
    run,
    script,
    write: async (path, content, mode = 0o644) => {
      const temporary = `${path}.swarmhub-new`;
      const folder = path.slice(0, path.lastIndexOf("/")) || "/";
      // `install /dev/stdin` fails where stdin is a socket, as it is under sshd; cat does not.
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
    forget: () => remembered.clear(),
    close: () => transport.close(),
  };
};
