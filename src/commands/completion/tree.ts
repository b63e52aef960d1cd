/** An option; `value` is what follows it. */
export type Flag = { names: string[]; description: string; value: "none" | "file" | "word" };

/** A command; `words` are what its argument may be, as far as that is known beforehand. */
export type Branch = { name: string; description: string; flags: Flag[]; words: string[] };

/** All that can be typed. The program's own flags may stand before and behind a command. */
export type Tree = Branch & { branches: Branch[] };

/** The names of the flags of that kind. */
export const namesOf = (flags: readonly Flag[], ...values: Flag["value"][]): string[] =>
  flags.filter(({ value }) => values.includes(value)).flatMap(({ names }) => names);
