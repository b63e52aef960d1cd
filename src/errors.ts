import type { Output } from "./host.js";

/** The exit codes of `swarmhub`. */
export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  preflight: 3,
  locked: 4,
  unreachable: 5,
  drift: 6,
  interrupted: 130,
} as const;

/** An error that its reader can understand: `message` says where, what and why; `cure` is what to do or type. */
export class UserError extends Error {
  override name = "UserError";
  constructor(
    message: string,
    readonly cure: string | undefined = undefined,
    readonly code: number = exitCode.failed,
  ) {
    super(message);
  }
}

/** A machine could not be reached, or was lost on the way. */
export class UnreachableError extends UserError {
  override name = "UnreachableError";
  constructor(
    host: string,
    readonly why: string,
    cure?: string,
    /** A machine that is still booting fails like this, too. */
    readonly mayBeBooting: boolean = false,
  ) {
    super(`${host}: ${why}`, cure, exitCode.unreachable);
  }
}

/** A command on a host ended with a non-zero code; the last lines of what it said are in the message. */
export class CommandError extends UserError {
  override name = "CommandError";
  constructor(
    readonly host: string,
    readonly command: string,
    readonly output: Output,
  ) {
    super(`${host}: \`${command}\` ended with ${output.code}${lastLines(output)}`);
  }
}

const lastLines = ({ stderr, stdout }: Output): string => {
  const said = (stderr.trim() === "" ? stdout : stderr).trim().split("\n").slice(-5).join("\n  ");
  return said === "" ? " and said nothing" : `:\n  ${said}`;
};
