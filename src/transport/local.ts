import { connect } from "node:net";
import { type Duplex, PassThrough, type Readable } from "node:stream";
import { execa } from "execa";
import { UnreachableError, UserError } from "../errors.js";
import { createLimiter } from "./limiter.js";
import { socketsBy } from "./socket.js";
import { NoSocketError } from "./socket/types.js";
import { codeOfSignal, deadlineError, pipeInto, readLines, titleOf } from "./streams.js";
import type { Transport } from "./transport.js";

/** The operator's own machine. */
export const localTransport = (): Transport => {
  const limiter = createLimiter(8);
  const closing = new AbortController();
  const sockets = new Set<Duplex>();

  const track = <Stream extends Duplex>(socket: Stream): Stream => {
    sockets.add(socket);
    return socket.once("close", () => sockets.delete(socket));
  };
  const exec: Transport["exec"] = (command, options) =>
    limiter(() => execLocally(command, closing.signal, options));

  return {
    exec,
    ...socketsBy({
      host: "local",
      isRoot: process.getuid?.() === 0,
      direct: async (path) => track(await connectTo(path)),
      exec,
      stream: async (command) => track(streamOf(command)),
      hold: async (command) => track(streamOf(command)),
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
  {
    title = titleOf(command),
    input,
    timeout,
    onLine,
    into,
    stop,
  }: Parameters<Transport["exec"]>[1] = {},
): ReturnType<Transport["exec"]> => {
  if (closing.aborted) throw closedError();
  // In its own process group, so that the deadline ends its children too.
  const running = execa("/bin/sh", ["-c", command], {
    ...stdinOf(input, stop),
    buffer: false,
    detached: true,
    reject: false,
  });
  const stdout = into === undefined ? readLines(running.stdout, onLine) : () => "";
  const stderr = readLines(running.stderr, onLine);
  const { pid } = running;
  const stopped = new Promise<never>((_, reject) => {
    const fail = (reason: Error) => {
      if (pid !== undefined) endGroup(pid);
      reject(reason);
    };
    if (into !== undefined) pipeInto(running.stdout, into, fail);
    const timer = timeout && setTimeout(fail, timeout, deadlineError("local", title, timeout));
    const onClose = () => fail(closedError());
    closing.addEventListener("abort", onClose, { once: true });
    void running.finally(() => {
      clearTimeout(timer);
      closing.removeEventListener("abort", onClose);
    });
  });
  const result = await Promise.race([running, stopped]);
  if (result.exitCode === undefined && result.signal === undefined)
    throw new UserError(`cannot run /bin/sh: ${result.shortMessage ?? "no reason given"}`, {
      host: "local",
    });
  const code = result.signal === undefined ? result.exitCode : codeOfSignal(result.signal);
  return { code: code ?? 1, stdout: stdout(), stderr: stderr() };
};

const stdinOf = (input: string | Uint8Array | undefined, stop: AbortSignal | undefined) => {
  if (stop !== undefined) return { input: inputUntil(stop, input) };
  return input === undefined ? { stdin: "ignore" as const } : { input };
};

const inputUntil = (stop: AbortSignal, input: string | Uint8Array = ""): Readable => {
  const stream = new PassThrough();
  stream.write(input);
  const end = () => stream.end();
  if (stop.aborted) end();
  else stop.addEventListener("abort", end, { once: true });
  return stream;
};

const closedError = () => new UnreachableError("local", "swarmhub closed the connection");

const endGroup = (pid: number): void => {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
};

const connectTo = (path: string): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
    socket.once("error", (error) => {
      reject(new NoSocketError(`cannot open ${path}: ${error.message}`, { host: "local" }));
    });
  });

const streamOf = (command: string): Duplex =>
  execa("/bin/sh", ["-c", `exec ${command}`], { buffer: false, reject: false }).duplex();
