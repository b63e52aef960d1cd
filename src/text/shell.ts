/** A text quoted as one word of a POSIX shell. Throws a TypeError if it contains a NUL. */
export const quote = (word: string): string => {
  if (word.includes("\0")) throw new TypeError("a shell word cannot contain a NUL");
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
};

/** The words of a command as one line of a POSIX shell. */
export const quoteAll = (argv: readonly string[]): string => argv.map(quote).join(" ");

/**
 * The same for the shell of a login, which may be fish: between single quotes that one reads a backslash before a quote or a
 * backslash as an escape (fishshell.com/docs/current/language.html#quotes), so none is left there.
 */
export const quoteForLogin = (word: string): string =>
  quote(word) === word ? word : `'${word.replaceAll(/['\\]/g, (each) => `'\\${each}'`)}'`;
