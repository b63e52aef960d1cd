/** What keeps a certificate from us, said in a sentence, with the hint in another. `detail`: the words of who refused. */
export class Problem extends Error {
  override readonly name = "Trouble";
  constructor(
    message: string,
    readonly hint: string | null = null,
    readonly detail: string | null = null,
  ) {
    super(message);
  }
}

/** Any error as one. */
export const problemOf = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/ENOSPC|EDQUOT|No space left/.test(message))
    return new Problem(
      "the manager's disk is full",
      "make room on it: df -h shows where",
      message.slice(0, 2000),
    );
  return new Problem(message.split("\n", 1)[0] ?? message, null, message.slice(0, 2000));
};
