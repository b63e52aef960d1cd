import type { Duplex } from "node:stream";
import { UserError } from "../../errors.js";
import type { Transport } from "../transport.js";

/** Nothing listens at that unix socket, or it is not there. */
export class NoSocketError extends UserError {
  override name = "NoSocketError";
}

/** One transport's two ways to a unix socket: at once (NoSocketError where it fails), or by the stdin and stdout of a command. */
export type SocketRoutes = {
  host: string;
  /** Whether the login is root, by its name. */
  isRoot: boolean;
  direct: (path: string) => Promise<Duplex>;
  exec: Transport["exec"];
  /** The stdin and stdout of a command as a connection, one of several. */
  stream: (command: string) => Promise<Duplex>;
  /** The same for a command that runs as long as the connection to the machine. */
  hold: (command: string) => Promise<Duplex>;
};
