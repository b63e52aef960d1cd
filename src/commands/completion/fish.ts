import type { Flag, Tree } from "./tree.js";

/** The completion for fish: as ~/.config/fish/completions/NAME.fish, or piped into `source`. */
export const fish = ({ name, flags, branches }: Tree): string => {
  const all = branches.map((branch) => branch.name).join(" ");
  const isFirst = `not __fish_seen_subcommand_from ${all}`;
  const line = (...words: string[]): string => ["complete", "-c", name, ...words].join(" ");
  return [
    `# Written by \`${name} completion fish\`. For this shell: ${name} completion fish | source`,
    line("-f"),
    ...flags.map((flag) => line(...flagWords(flag))),
    ...branches.flatMap((branch) => {
      const isThis = ["-n", quoted(`__fish_seen_subcommand_from ${branch.name}`)];
      return [
        line("-n", quoted(isFirst), "-a", branch.name, "-d", quoted(branch.description)),
        ...branch.flags.map((flag) => line(...isThis, ...flagWords(flag))),
        ...(branch.words.length > 0 ? [line(...isThis, "-a", quoted(branch.words.join(" ")))] : []),
      ];
    }),
    "",
  ].join("\n");
};

const flagWords = ({ names, description, value }: Flag): string[] => [
  ...names.flatMap((each) =>
    each.startsWith("--") ? ["-l", each.slice(2)] : ["-s", each.slice(1)],
  ),
  ...{ none: [], word: ["-x"], file: ["-r", "-F"] }[value],
  "-d",
  quoted(description),
];

/** One word for fish, where only the quote and the backslash mean something between single quotes. */
const quoted = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;
