import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { runCommand } from "./command.js";
import { createLimiter } from "./limiter.js";
import { sessionLimit, withinSessions } from "./sessions.js";
import { socketsBy } from "./socket.js";
import { NoSocketError } from "./socket/types.js";
import type { DialOptions } from "./ssh/dial.js";
import { control, endWith, runnerOver, streamOver } from "./system/client.js";
import { type SystemLogin, dialBySystem } from "./system/dial.js";
import type { Transport } from "./transport.js";

/**
 * A machine over the system's ssh, which keeps one connection for the whole run (ControlMaster): with certificates, security keys, Kerberos
 * and whatever else ssh2 does not know. Throws UnreachableError.
 */
export const systemTransport = async (host: string, options: DialOptions): Promise<Transport> => {
  const login = await dialBySystem(host, options);
  const limiter = createLimiter(sessionLimit);
  const runner = runnerOver(login);
  const exec: Transport["exec"] = (command, execOptions) =>
    withinSessions(limiter, () => runCommand(runner, command, execOptions));
  const forwarded = new Map<string, Promise<string>>();
  const forwardOnce = (path: string): Promise<string> => {
    const local = forwarded.get(path) ?? forward(login, path);
    forwarded.set(path, local);
    local.catch(() => forwarded.delete(path));
    return local;
  };
  return {
    address: login.address,
    exec,
    ...socketsBy({
      host,
      isRoot: login.user === "root",
      direct: async (path) => openForwarded(login, path, await forwardOnce(path), exec),
      exec,
      stream: (command) => {
        // Docker's six sockets are sessions here and stay open; the commands share what is left of eight.
        limiter.narrow(2);
        return withinSessions(limiter, () => streamOver(login, command));
      },
      hold: async (command) => {
        const stream = await withinSessions(limiter, () => streamOver(login, command));
        limiter.narrow(7);
        return stream;
      },
    }),
    close: login.close,
  };
};

/** Lets ssh listen at a socket of our folder for one of the machine; answers its path. */
const forward = async (login: SystemLogin, path: string): Promise<string> => {
  if (login.lost.aborted) throw login.lost.reason as Error;
  const local = join(login.folder, randomBytes(4).toString("hex"));
  // ssh reads colons as separators.
  if (path.includes(":") || !(await control(login, "forward", "-L", `${local}:${path}`)))
    throw notOpened(login, path);
  return local;
};

const notOpened = ({ host }: SystemLogin, path: string): NoSocketError =>
  new NoSocketError(`cannot open ${path}: ssh did not forward it`, {
    host,
    hint: "if the socket exists, sshd_config needs: AllowStreamLocalForwarding yes",
  });

/** A command that does nothing. */
const nothing = ":";

/**
 * Connects to a forwarded socket. ssh accepts before the machine does, and hangs up where that refuses. All that it does is one sequence of
 * messages, so the answer to a command that is sent later says that the socket is open.
 */
const openForwarded = async (
  login: SystemLogin,
  path: string,
  local: string,
  exec: Transport["exec"],
): Promise<Duplex> => {
  const socket = connect(local);
  try {
    const isOver = watchEnd(socket);
    await exec(nothing, { title: `open ${path}`, timeout: 60_000 });
    // What arrived before the command's end may be read in the same turn after it.
    await new Promise(setImmediate);
    if (login.lost.aborted) throw login.lost.reason as Error;
    if (isOver()) throw notOpened(login, path);
    endWith(login.lost, socket);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
};

/** Watches a socket without taking anything from it; the answer says once whether it has ended, and ends the watch. */
const watchEnd = (socket: Duplex): (() => boolean) => {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  const peek = () => {
    // Nothing to read is the end; what there is stays in the stream.
    if (socket.readableLength === 0) socket.read();
  };
  const events = ["end", "close", "error"];
  for (const event of events) socket.once(event, over);
  socket.on("readable", peek);
  return () => {
    for (const event of events) socket.off(event, over);
    socket.off("readable", peek);
    return isOver;
  };
};
