import { setMaxListeners } from "node:events";
import { UnreachableError } from "../errors.js";
import { createLimiter } from "./limiter.js";
import { sessionLimit, withinSessions } from "./sessions.js";
import { socketsBy } from "./socket.js";
import { execOn, forwardSocket, streamOn } from "./ssh/channels.js";
import { type DialOptions, dial } from "./ssh/dial.js";
import type { Transport } from "./transport.js";

/** A machine over one SSH connection for the whole run. Throws UnreachableError. */
export const sshTransport = async (host: string, options: DialOptions): Promise<Transport> => {
  const { client, user, address, close } = await dial(host, options);
  const lost = new AbortController();
  setMaxListeners(0, lost.signal);
  const fail = (reason: string) =>
    lost.abort(new UnreachableError(host, `the connection was lost (${reason})`, `ssh ${host}`));
  client.on("error", ({ message }) => {
    fail(message === "Keepalive timeout" ? "no answer to three keepalives in a row" : message);
  });
  client.on("close", () => fail("the machine closed it"));

  const limiter = createLimiter(sessionLimit);
  const connection = { host, client, lost: lost.signal };
  const exec: Transport["exec"] = (command, execOptions) =>
    withinSessions(limiter, () => execOn(connection, command, execOptions));

  return {
    address,
    exec,
    ...socketsBy({
      host,
      isRoot: user === "root",
      direct: (path) => forwardSocket(connection, path),
      exec,
      stream: (command) => {
        // Docker's six sockets are sessions here and stay open; the commands share what is left of eight.
        limiter.narrow(2);
        return withinSessions(limiter, () => streamOn(connection, command));
      },
      hold: async (command) => {
        const stream = await withinSessions(limiter, () => streamOn(connection, command));
        limiter.narrow(7);
        return stream;
      },
    }),
    close: async () => {
      lost.abort(new UnreachableError(host, "swarmhub closed the connection"));
      await close();
    },
  };
};
