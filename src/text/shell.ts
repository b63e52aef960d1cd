/** One word for a POSIX shell, whatever is in it (a NUL cannot be: it throws). */
export const quote = (word: string): string => {
  if (word.includes("\0")) throw new TypeError("a shell word cannot hold a NUL");
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
};

/** An argv as one shell command. */
export const quoteAll = (argv: readonly string[]): string => argv.map(quote).join(" ");
