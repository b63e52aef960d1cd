import { quote } from "../../text/shell.js";
import { type Tree, namesOf, pathsOf } from "./tree.js";

/** The completion for bash; it does not need the package bash-completion, and runs in the bash 3.2 of macOS. */
export const bash = ({ name, flags, branches }: Tree): string => {
  const commands = pathsOf(branches);
  const every = [flags, ...commands.map(([, branch]) => branch.flags)].flat();
  const common = namesOf(flags, "none", "file", "word");
  return `# Written by \`${name} completion bash\`. For this shell: eval "$(${name} completion bash)"
_${name}() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command='' words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
    ${pattern(namesOf(every, "file", "word"))}) ((i++)) && continue ;;
    esac
    case "\${command:+$command }\${COMP_WORDS[i]}" in
    ${pattern(commands.map(([path]) => quote(path)))}) command="\${command:+$command }\${COMP_WORDS[i]}" ;;
    esac
  done
  case $previous in
  ${pattern(namesOf(every, "file"))})
    compopt -o filenames 2>/dev/null
    local IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$word"))
    return
    ;;
  ${pattern(namesOf(every, "word"))}) return ;;
  esac
  case $command in
${line("", [...branches.map((branch) => branch.name), ...common])}
${commands.map(([path, branch]) => line(path, [...branch.branches.map((one) => one.name), ...branch.words, ...namesOf(branch.flags, "none", "file", "word"), ...common])).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _${name} ${name}
`;
};

const line = (command: string, words: readonly string[]): string =>
  `    ${quote(command)}) words=${quote(words.join(" "))} ;;`;

// A case needs a pattern; this one never matches.
const pattern = (names: readonly string[]): string =>
  names.length === 0 ? "''" : [...new Set(names)].join("|");
