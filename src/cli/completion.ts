import type { Command, Option } from "commander";
import { bash } from "./completion/bash.js";
import { fish } from "./completion/fish.js";
import type { Branch, Flag, Tree } from "./completion/tree.js";
import { zsh } from "./completion/zsh.js";

const writers = { bash, zsh, fish };

/** A shell that a completion can be printed for. */
export type Shell = keyof typeof writers;

/** All supported shells. */
export const shells = Object.keys(writers) as Shell[];

/** The completion script of a program, from its commands and options. `words` are the values of a command's argument, by its name. */
export const completion = (
  program: Command,
  shell: Shell,
  words: Readonly<Record<string, readonly string[]>> = {},
): string => writers[shell](treeOf(program, words));

const treeOf = (program: Command, words: Readonly<Record<string, readonly string[]>>): Tree => {
  const help = program.createHelp();
  const branch = (command: Command): Branch => ({
    name: command.name(),
    description: command.description(),
    flags: help.visibleOptions(command).map(flagOf),
    words: [...(words[command.name()] ?? command.registeredArguments[0]?.argChoices ?? [])],
    branches: help.visibleCommands(command).map(branch),
  });
  return branch(program);
};

const flagOf = ({ short, long, description, flags, required, optional }: Option): Flag => ({
  names: [short, long].filter((name) => name !== undefined),
  description,
  value: !required && !optional ? "none" : /<(?:file|folder)>/.test(flags) ? "file" : "word",
});
