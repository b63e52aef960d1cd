import { quote } from "../../quote.js";
import type { Branch, Flag, Tree } from "./tree.js";

/** The completion for zsh: as a file `_NAME` in a folder of $fpath, or by eval behind compinit. */
export const zsh = ({ name, flags, branches }: Tree): string => `#compdef ${name}
# Written by \`${name} completion zsh\`. For this shell: eval "$(${name} completion zsh)"
_${name}() {
  local line state
  _arguments -C \\
    ${flags.flatMap(specsOf).join(" \\\n    ")} \\
    '1:command:->command' '*::argument:->argument'
  case $state in
  command)
    local -a commands=(
      ${branches.map((branch) => quote(`${branch.name}:${branch.description}`)).join("\n      ")}
    )
    _describe command commands
    ;;
  argument)
    case $line[1] in
${branches.map((branch) => `    ${branch.name}) _arguments ${argumentsOf(branch, flags)} ;;`).join("\n")}
    esac
    ;;
  esac
}
if [ "$funcstack[1]" = _${name} ]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;

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
