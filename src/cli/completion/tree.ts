/** An option; `value` is the kind of its value. */
export type Flag = { names: string[]; description: string; value: "none" | "file" | "word" };

/** A command, or a group of commands; `words` are the known values of its argument. */
export type Branch = {
  name: string;
  description: string;
  flags: Flag[];
  words: string[];
  branches: Branch[];
};

/** The whole program. Its own flags are valid before and after a command. */
export type Tree = Branch;

/** Every command with its full name: "up", "quota", "quota ls". */
export const pathsOf = (branches: readonly Branch[], before = ""): [path: string, Branch][] =>
  branches.flatMap((branch) => [
    [before + branch.name, branch] as [string, Branch],
    ...pathsOf(branch.branches, `${before}${branch.name} `),
  ]);

/** The names of the flags of that kind. */
export const namesOf = (flags: readonly Flag[], ...values: Flag["value"][]): string[] =>
  flags.filter(({ value }) => values.includes(value)).flatMap(({ names }) => names);
