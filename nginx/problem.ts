/** Why there is no certificate, in one sentence, and in `hint` what to do. `detail`: output of the program or server that refused. */
export class Problem extends Error {
  override readonly name = "Problem";
  constructor(
    message: string,
    readonly hint: string | null = null,
    readonly detail: string | null = null,
  ) {
    super(message);
  }
}

/** The hint of a problem that needs no action. */
export const retriesHint = "the edge retries by itself";

/** Any thrown value as a Problem. */
export const problemOf = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/ENOSPC|EDQUOT|No space left/.test(message))
    return new Problem(
      "the manager's disk is full",
      "free some space on it: df -h",
      message.slice(0, 2000),
    );
  return new Problem(message.split("\n", 1)[0] ?? message, null, message.slice(0, 2000));
};
