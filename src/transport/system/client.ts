import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { UnreachableError } from "../../errors.js";
import { quote, quoteForLogin } from "../../text/shell.js";
import { type Running, type Runner, inShell } from "../command.js";
import { skipGreeting } from "../greeting.js";
import { NoChannelError } from "../sessions.js";
import { codeOfSignal } from "../streams.js";

/** A connection of the system's ssh that is open: the path at which it takes sessions, and what is aborted when it ends. */
export type Shared = { host: string; control: string; lost: AbortSignal };

/** The name that ssh wants; the connection decides where it leads. */
const anywhere = "swarmhub";

/**
 * The arguments of an ssh that uses an open connection. It reads no configuration, and where the connection is gone it makes none of its own,
 * for which nobody would have compared the host key: `false` is its way to the machine.
 */
const sharedSsh = (control: string, ...more: readonly string[]): string[] => [
  "-F",
  "/dev/null",
  "-S",
  control,
  ...["ControlMaster=no", "ProxyCommand=false", "BatchMode=yes", "LogLevel=ERROR"].flatMap(
    (option) => ["-o", option],
  ),
  ...more,
  anywhere,
];

/** Runs commands over an open connection. */
export const runnerOver = (shared: Shared): Runner => ({
  host: shared.host,
  lost: shared.lost,
  start: (line, started) => started(startOver(shared, withExitCode(line))),
  failureOf: async ({ code, began, stderr }) => {
    // ssh's own errors have this code, and a command may have it, too.
    if (code !== 255) return undefined;
    if (!(await isAlive(shared))) return lostError(shared);
    return began ? undefined : new NoChannelError(shared.host, reasonOf(stderr));
  },
});

/** ssh answers 255 for a command that a signal ended, where a shell around it answers the shell's code for the signal. */
const withExitCode = (line: string): string =>
  `sh -c 'sh -c "$1"; exit $?' sh ${quoteForLogin(line)}`;

const reasonOf = (stderr: string): string =>
  /Session open refused by peer|open failed: [^\r\n]*/i.exec(stderr)?.[0] ??
  (stderr.trim().split("\n")[0] || "no reason given");

const startOver = ({ control }: Shared, line: string): Running => {
  // In a session of its own: Ctrl-C at the terminal ends no command, and nothing is asked there.
  const child = spawn("ssh", [...sharedSsh(control, "-T"), line], {
    stdio: "pipe",
    detached: true,
  });
  // A command that ended does not read its input.
  child.stdin.on("error", () => {});
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    close: () => {
      child.kill("SIGKILL");
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    },
    watch: (ended, failed) => {
      child.once("error", failed);
      child.once("close", (code, signal) => ended(code ?? codeOfSignal(signal ?? "")));
    },
  };
};

/** A program's stdin and stdout as one stream; the command is its words. */
export const streamOver = async (shared: Shared, command: string): Promise<Duplex> => {
  const running = startOver(shared, inShell(`exec ${command}`, undefined));
  running.stderr.resume();
  const found = await new Promise<boolean>((resolve, reject) => {
    running.watch(() => {}, reject);
    skipGreeting(running.stdout, resolve);
  });
  if (!found) {
    if (await isAlive(shared)) throw new NoChannelError(shared.host, "it ended at once");
    throw lostError(shared);
  }
  const stream = Duplex.from({ readable: running.stdout, writable: running.stdin });
  stream.once("close", running.close);
  endWith(shared.lost, stream);
  return stream;
};

/** Ends a stream with the reason when the connection is lost; without a listener for errors, it just ends. */
export const endWith = (lost: AbortSignal, stream: Duplex): void => {
  const onLost = () => {
    if (stream.listenerCount("error") > 0) stream.destroy(lost.reason as Error);
    else stream.destroy();
  };
  lost.addEventListener("abort", onLost, { once: true });
  stream.once("close", () => lost.removeEventListener("abort", onLost));
};

const lostError = ({ host, lost }: Shared): Error =>
  lost.aborted
    ? (lost.reason as Error)
    : new UnreachableError(
        host,
        "the connection was lost in the middle of a command",
        `ssh ${host}`,
      );

/** Whether the connection still takes sessions; also ends as false once it is known to be lost. */
const isAlive = async (shared: Shared): Promise<boolean> =>
  !shared.lost.aborted && (await control(shared, "check"));

/** Gives an order to the process that has the connection; false where it is refused. */
export const control = async (
  { control: path }: Shared,
  order: "check" | "forward",
  ...more: readonly string[]
): Promise<boolean> => {
  const argv = sharedSsh(path, "-O", order, ...more);
  return new Promise((resolve) => {
    const child = spawn("ssh", argv, { stdio: "ignore", detached: true });
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(code === 0));
  });
};

/** The way to a machine behind another one, for `ProxyCommand`. */
export const proxyOver = (path: string): string =>
  // ssh itself replaces the last two, and runs the line by a shell.
  ["ssh", ...sharedSsh(path, "-W", target)]
    .map((word) => (word === target ? word : quote(word)))
    .join(" ");

const target = "[%h]:%p";
