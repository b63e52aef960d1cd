/** A text quoted as one word of a POSIX shell. Throws a TypeError if it contains a NUL. */
export const quote = (word: string): string => {
  if (word.includes("\0")) throw new TypeError("a shell word cannot contain a NUL");
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
};

/** The words of a command as one line of a POSIX shell. */
export const quoteAll = (argv: readonly string[]): string => argv.map(quote).join(" ");
