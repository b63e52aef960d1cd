import { quote } from "../../text/shell.js";
import type { Branch, Flag, Tree } from "./tree.js";

/** The completion for zsh: a file `_NAME` in a folder of $fpath, or eval after compinit. */
export const zsh = (tree: Tree): string => `#compdef ${tree.name}
# Written by \`${tree.name} completion zsh\`. For this shell: eval "$(${tree.name} completion zsh)"
${functionsOf(tree, `_${tree.name}`, [])}
if [ "$funcstack[1]" = _${tree.name} ]; then _${tree.name} "$@"; else compdef _${tree.name} ${tree.name}; fi
`;

/** A function for the program, after one for each group of commands. */
const functionsOf = (branch: Branch, name: string, common: readonly Flag[]): string => {
  const flags = [...branch.flags, ...common];
  const groups = branch.branches.filter((one) => one.branches.length > 0);
  const isGroup = (one: Branch): boolean => groups.includes(one);
  const call = (one: Branch): string =>
    isGroup(one) ? `${name}_${one.name}` : `_arguments ${argumentsOf(one, flags)}`;
  return `${groups.map((one) => functionsOf(one, `${name}_${one.name}`, flags)).join("")}${name}() {
  local line state
  _arguments -C \\
    ${flags.flatMap(specsOf).join(" \\\n    ")} \\
    '1:command:->command' '*::argument:->argument'
  case $state in
  command)
    local -a commands=(
      ${branch.branches.map((one) => quote(`${one.name}:${one.description}`)).join("\n      ")}
    )
    _describe command commands
    ;;
  argument)
    case $line[1] in
${branch.branches.map((one) => `    ${one.name}) ${call(one)} ;;`).join("\n")}
    esac
    ;;
  esac
}
`;
};

const argumentsOf = (branch: Branch, common: readonly Flag[]): string =>
  [
    ...[...branch.flags, ...common].flatMap(specsOf),
    ...(branch.words.length > 0 ? [quote(`1:argument:(${branch.words.join(" ")})`)] : []),
  ].join(" ");

const specsOf = ({ names, description, value }: Flag): string[] => {
  const about = `[${description.replace(/[\\[\]:]/g, "\\$&")}]`;
  const after = { none: "", word: ":value: ", file: ":file:_files" }[value];
  return names.map((each) => quote(`(${names.join(" ")})${each}${about}${after}`));
};
