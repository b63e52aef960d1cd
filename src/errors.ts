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

/** A place in a file that a person wrote; line and column count from 1. */
export type Place = { file: string; line: number; column: number };

/** What an error tells beside its reason. `hint` is what to do or to type; `code` is the exit code. */
export type ErrorDetails = {
  hint?: string | undefined;
  code?: number | undefined;
  /** The machine that it is about, as the configuration names it. */
  host?: string | undefined;
  /** Where in a file the fault is. */
  place?: Place | undefined;
  /** The errors that this one sums up. */
  causes?: readonly unknown[] | undefined;
};

/**
 * An error that a user can understand and mend. `reason` is the sentence alone, `message` has the place and the host in front of it.
 */
export class UserError extends Error {
  override name = "UserError";
  readonly hint: string | undefined;
  readonly code: number;
  readonly host: string | undefined;
  readonly place: Place | undefined;
  readonly causes: readonly unknown[];

  constructor(
    readonly reason: string,
    { hint, code = exitCode.failed, host, place, causes = [] }: ErrorDetails = {},
  ) {
    const where = place === undefined ? "" : `${place.file}:${place.line}:${place.column}  `;
    super(where + (host === undefined ? "" : `${host}: `) + reason);
    this.hint = hint;
    this.code = code;
    this.host = host;
    this.place = place;
    this.causes = causes;
    if (causes.length > 0) this.cause = causes.length === 1 ? causes[0] : causes;
  }
}

/** An error of usage: a wrong command, configuration or file on the operator's machine. */
export const usageError = (reason: string, hint?: string): UserError =>
  new UserError(reason, { hint, code: exitCode.usage });

/** A machine could not be reached, or was lost on the way. */
export class UnreachableError extends UserError {
  override name = "UnreachableError";
  constructor(
    host: string,
    reason: string,
    hint?: string,
    /** A machine that is still booting fails like this, too. */
    readonly mayBeBooting: boolean = false,
  ) {
    super(reason, { host, hint, code: exitCode.unreachable });
  }
}

/** A command on a host ended with a non-zero code; `title` says what it did, and is empty where the step's title does. */
export class CommandError extends UserError {
  override name = "CommandError";
  constructor(
    host: string,
    title: string,
    readonly output: Output,
  ) {
    super(titled(title, `exit code ${output.code}${lastLines(output)}`), { host });
  }
}

/** A reason with a title in front, where there is one: "take the lock: timed out after 30 s". */
export const titled = (title: string, reason: string): string =>
  title === "" ? reason : `${title}: ${reason}`;

const lastLines = ({ stderr, stdout }: Output): string => {
  const text = (stderr.trim() === "" ? stdout : stderr).trim();
  return text === "" ? ", no output" : `:\n  ${text.split("\n").slice(-5).join("\n  ")}`;
};

/** Anything from a file, short and harmless enough for a terminal. */
export const shown = (value: unknown): string => {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  const harmless = text.replaceAll(/[^\P{C}]/gu, "\uFFFD");
  return harmless.length > 60 ? `${harmless.slice(0, 60)}…` : harmless;
};

/** What a command left behind; output is decoded as UTF-8. */
export type Output = { code: number; stdout: string; stderr: string };

/** Several errors as one; the same words only once, as a lost machine fails every look. */
export const oneError = (errors: readonly unknown[]): unknown => {
  const distinct = [...new Map(errors.map((error) => [explain(error).error, error])).values()];
  if (distinct.length === 1) return distinct[0];
  const all = distinct.map((error) => explain(error));
  const hints = [...new Set(all.flatMap(({ hint }) => hint ?? []))];
  return new UserError(all.map(({ error }) => error).join("\n"), {
    hint: hints.length === 0 ? undefined : hints.join("\n"),
    code: commonCode(distinct),
    causes: distinct,
  });
};

/** The names of the hosts that an error is about, those of the errors that it sums up included. */
export const hostsOf = (error: unknown): string[] =>
  error instanceof UserError
    ? [...(error.host === undefined ? [] : [error.host]), ...error.causes.flatMap(hostsOf)]
    : [];

/** The sentences of an error without places and hosts: one for each error that it sums up, or its own. */
export const reasonsOf = (error: UserError): string[] =>
  error.causes.length === 0
    ? [error.reason]
    : error.causes.map((cause) =>
        cause instanceof UserError ? cause.reason : explain(cause).error,
      );

/** Why something is refused and what to do about it, on one line: "a port lies between 1 and 65535; write for example …". */
export const adviceOf = (error: unknown): string => {
  if (!(error instanceof UserError)) return explain(error).error;
  return error.hint === undefined ? error.reason : `${error.reason}; ${error.hint}`;
};

/** The exit code that all these errors have, or that of any failure where they differ. */
export const commonCode = (errors: readonly unknown[]): number => {
  const codes = new Set(
    errors.map((error) => (error instanceof UserError ? error.code : exitCode.failed)),
  );
  const [first] = codes;
  return codes.size === 1 && first !== undefined ? first : exitCode.failed;
};

/** What a thrown value says, in words. */
export const explain = (error: unknown): { error: string; hint?: string } => {
  if (!(error instanceof Error)) return { error: String(error) };
  const hint = "hint" in error && typeof error.hint === "string" ? { hint: error.hint } : {};
  return { error: error.message, ...hint };
};
