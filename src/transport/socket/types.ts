import type { Duplex } from "node:stream";
import { UserError } from "../../errors.js";
import type { Transport } from "../transport.js";

/** Nothing listens at a unix socket, or it does not exist. */
export class NoSocketError extends UserError {
  override name = "NoSocketError";
}

/** A transport's two routes to a unix socket: directly (throws NoSocketError), or over the stdin and stdout of a command. */
export type SocketRoutes = {
  host: string;
  /** Whether the login's name is root. */
  isRoot: boolean;
  direct: (path: string) => Promise<Duplex>;
  exec: Transport["exec"];
  /** Runs a command and uses its stdin and stdout as one of several connections. */
  stream: (command: string) => Promise<Duplex>;
  /** The same for a command that runs as long as the connection to the machine lasts. */
  hold: (command: string) => Promise<Duplex>;
};
