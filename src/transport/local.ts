import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { execa } from "execa";
import { UnreachableError, UserError } from "../errors.js";
import { createLimiter } from "./limiter.js";
import { socketsBy } from "./socket.js";
import { NoSocketError } from "./socket/types.js";
import { codeOfSignal, collect, deadlineError, pour, titleOf } from "./streams.js";
import type { Transport } from "./transport.js";

/** The machine that we sit at. */
export const localTransport = (): Transport => {
  const atOnce = createLimiter(8);
  const closing = new AbortController();
  const sockets = new Set<Duplex>();

  const kept = <Stream extends Duplex>(socket: Stream): Stream => {
    sockets.add(socket);
    return socket.once("close", () => sockets.delete(socket));
  };
  const exec: Transport["exec"] = (command, options) =>
    atOnce(() => execLocally(command, closing.signal, options));

  return {
    exec,
    ...socketsBy({
      host: "local",
      isRoot: process.getuid?.() === 0,
      direct: async (path) => kept(await connected(path)),
      exec,
      stream: async (command) => kept(streamOf(command)),
      hold: async (command) => kept(streamOf(command)),
    }),
    close: async () => {
      closing.abort();
      for (const socket of sockets) socket.destroy();
    },
  };
};

const execLocally = async (
  command: string,
  closing: AbortSignal,
  { title = titleOf(command), input, timeout, onLine, into }: Parameters<Transport["exec"]>[1] = {},
): ReturnType<Transport["exec"]> => {
  if (closing.aborted) throw closed();
  // In a process group of its own, so that the deadline ends its children too.
  const running = execa("/bin/sh", ["-c", command], {
    ...(input === undefined ? { stdin: "ignore" } : { input }),
    buffer: false,
    detached: true,
    reject: false,
  });
  const stdout = into === undefined ? collect(running.stdout, onLine) : () => "";
  const stderr = collect(running.stderr, onLine);
  const { pid } = running;
  const stopped = new Promise<never>((_, reject) => {
    const stop = (reason: Error) => {
      if (pid !== undefined) endGroup(pid);
      reject(reason);
    };
    if (into !== undefined) pour(running.stdout, into, stop);
    const timer = timeout && setTimeout(stop, timeout, deadlineError("local", title, timeout));
    const onClose = () => stop(closed());
    closing.addEventListener("abort", onClose, { once: true });
    void running.finally(() => {
      clearTimeout(timer);
      closing.removeEventListener("abort", onClose);
    });
  });
  const result = await Promise.race([running, stopped]);
  if (result.exitCode === undefined && result.signal === undefined)
    throw new UserError(`local: cannot run /bin/sh: ${result.shortMessage ?? "no reason given"}`);
  const code = result.signal === undefined ? result.exitCode : codeOfSignal(result.signal);
  return { code: code ?? 1, stdout: stdout(), stderr: stderr() };
};

const closed = () => new UnreachableError("local", "the run has ended");

const endGroup = (pid: number): void => {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself in the meantime.
  }
};

const connected = (path: string): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
    socket.once("error", (error) => {
      reject(new NoSocketError(`local: cannot open ${path}: ${error.message}`));
    });
  });

const streamOf = (command: string): Duplex =>
  execa("/bin/sh", ["-c", `exec ${command}`], { buffer: false, reject: false }).duplex();
