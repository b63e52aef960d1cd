import { setMaxListeners } from "node:events";
import { UnreachableError } from "../errors.js";
import { type Limiter, createLimiter } from "./limiter.js";
import { socketsBy } from "./socket.js";
import { NoChannelError, execOn, forwarded, streamOn } from "./ssh/channels.js";
import { type DialOptions, dial } from "./ssh/dial.js";
import type { Transport } from "./transport.js";

/** A machine over one SSH connection for the whole run. Throws UnreachableError. */
export const sshTransport = async (host: string, options: DialOptions): Promise<Transport> => {
  const { client, user, close } = await dial(host, options);
  const lost = new AbortController();
  setMaxListeners(0, lost.signal);
  const fail = (why: string) =>
    lost.abort(new UnreachableError(host, `the connection was lost (${why})`, `ssh ${host}`));
  client.on("error", ({ message }) => {
    fail(message === "Keepalive timeout" ? "no answer to three looks in a row" : message);
  });
  client.on("close", () => fail("closed by the other side"));

  // sshd's MaxSessions is 10 by default.
  const atOnce = createLimiter(8);
  const connection = { host, client, lost: lost.signal };
  const exec: Transport["exec"] = (command, execOptions) =>
    withinSessions(atOnce, () => execOn(connection, command, execOptions));

  return {
    exec,
    ...socketsBy({
      host,
      isRoot: user === "root",
      direct: (path) => forwarded(connection, path),
      exec,
      stream: (command) => {
        // Docker's six sockets are sessions here, and stay; the commands keep to what is left of eight.
        atOnce.narrow(2);
        return withinSessions(atOnce, () => streamOn(connection, command));
      },
      hold: async (command) => {
        const held = await withinSessions(atOnce, () => streamOn(connection, command));
        atOnce.narrow(7);
        return held;
      },
    }),
    close: async () => {
      lost.abort(new UnreachableError(host, "the connection was closed by us"));
      await close();
    },
  };
};

/** Where sshd allows fewer sessions than we thought, goes down to that many and tries again what it refused. */
const withinSessions = async <T>(atOnce: Limiter, task: () => Promise<T>): Promise<T> => {
  const attempt = async () => {
    try {
      return await task();
    } catch (error) {
      if (error instanceof NoChannelError) atOnce.narrow();
      throw error;
    }
  };
  for (let left = 8; ; left -= 1) {
    try {
      return await atOnce(attempt);
    } catch (error) {
      if (!(error instanceof NoChannelError) || left === 0) throw error;
    }
  }
};
