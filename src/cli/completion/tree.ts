/** An option; `value` is what follows it. */
export type Flag = { names: string[]; description: string; value: "none" | "file" | "word" };

/** A command, or a group of commands; `words` are what its argument may be, as far as that is known beforehand. */
export type Branch = {
  name: string;
  description: string;
  flags: Flag[];
  words: string[];
  branches: Branch[];
};

/** All that can be typed. The program's own flags may stand before and behind a command. */
export type Tree = Branch;

/** Every command with the names before it: "up", "quota", "quota ls". */
export const pathsOf = (branches: readonly Branch[], before = ""): [path: string, Branch][] =>
  branches.flatMap((branch) => [
    [before + branch.name, branch] as [string, Branch],
    ...pathsOf(branch.branches, `${before}${branch.name} `),
  ]);

/** The names of the flags of that kind. */
export const namesOf = (flags: readonly Flag[], ...values: Flag["value"][]): string[] =>
  flags.filter(({ value }) => values.includes(value)).flatMap(({ names }) => names);
