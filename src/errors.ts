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

/** Why a text is not what it should be, and what would be right: two halves of a sentence. */
export class Problem extends Error {
  override name = "Problem";
  constructor(
    readonly why: string,
    readonly right: string,
  ) {
    super(`${why}; ${right}`);
  }
}

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
  const cures = [...new Set(all.flatMap(({ cure }) => cure ?? []))];
  const error = new UserError(
    all.map((each) => each.error).join("\n"),
    cures.length === 0 ? undefined : cures.join("\n"),
    commonCode(distinct),
  );
  error.cause = distinct;
  return error;
};

export const commonCode = (errors: readonly unknown[]): number => {
  const codes = new Set(
    errors.map((error) => (error instanceof UserError ? error.code : exitCode.failed)),
  );
  const [first] = codes;
  return codes.size === 1 && first !== undefined ? first : exitCode.failed;
};

/** What a thrown value says, in words. */
export const explain = (error: unknown): { error: string; cure?: string } => {
  if (!(error instanceof Error)) return { error: String(error) };
  const cure = "cure" in error && typeof error.cure === "string" ? { cure: error.cure } : {};
  return { error: error.message, ...cure };
};
