import type { Duplex, Writable } from "node:stream";
import type { Output } from "../errors.js";

/** How a command runs: bytes for its stdin, a deadline in milliseconds, a callback for each line of output as it comes. */
export type ExecOptions = {
  /** What the command does, for errors ("inspect the disk"); by default the command itself. */
  title?: string;
  input?: string | Uint8Array;
  timeout?: number;
  onLine?: (line: string) => void;
  /** Receives stdout byte for byte, at its own pace, and stays open; the output's stdout is empty then. */
  into?: Writable;
  /** Keeps the command's stdin open after its input until this is aborted. A lost connection ends it too. */
  stop?: AbortSignal;
};

/** How bytes reach a machine: over SSH (ssh2), or on the machine itself (execa). */
export type Transport = {
  /** The machine's address as the operator reaches it; undefined on the machine itself and behind a jump host. */
  address?: string | undefined;
  /** Runs a shell command; a non-zero exit is not an error, a lost machine and a passed deadline are. */
  exec: (command: string, options?: ExecOptions) => Promise<Output>;
  /** Connects to a unix socket of the machine. */
  socket: (path: string) => Promise<Duplex>;
  /** Prepares the route to a unix socket that will be needed, without touching the socket itself. */
  prepare: (path: string) => void;
  close: () => Promise<void>;
};
