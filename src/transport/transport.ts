import type { Duplex, Writable } from "node:stream";
import type { Output } from "../errors.js";

/** How a command runs: bytes for its stdin, a deadline in milliseconds, a callback for each line of output as it comes. */
export type ExecOptions = {
  /** What the command does, for errors ("inspect the disk"); by default the command itself. */
  title?: string;
  input?: string | Uint8Array;
  timeout?: number;
  onLine?: (line: string) => void;
  /** Takes stdout as it comes, byte for byte and at its own pace, and stays open; the answer's stdout is empty then. */
  into?: Writable;
};

/** How bytes reach a machine: ssh.ts (ssh2) and local.ts (execa). */
export type Transport = {
  /** Runs a shell command; never throws on a non-zero exit, only when the machine is lost or the deadline passes. */
  exec: (command: string, options?: ExecOptions) => Promise<Output>;
  /** A unix socket over there. */
  socket: (path: string) => Promise<Duplex>;
  /** Makes ready the way to a unix socket that will be wanted, without touching the socket itself. */
  prepare: (path: string) => void;
  close: () => Promise<void>;
};
