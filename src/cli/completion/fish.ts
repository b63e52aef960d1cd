import type { Branch, Flag, Tree } from "./tree.js";

/** The completion for fish: as ~/.config/fish/completions/NAME.fish, or piped into `source`. */
export const fish = ({ name, flags, branches }: Tree): string => {
  const line = (...words: string[]): string => ["complete", "-c", name, ...words].join(" ");
  const groups = branches.filter((branch) => branch.branches.length > 0);
  /** The completions of a branch under these conditions, and those of its commands. */
  const within = (conditions: readonly string[], branch: Branch): string[] => {
    const condition = ["-n", quoted(conditions.join("; and "))];
    const first = [
      ...conditions,
      ...(branch.branches.length > 0 ? [`not ${seen(branch.branches)}`] : []),
    ];
    return [
      ...branch.branches.map((one) =>
        line("-n", quoted(first.join("; and ")), "-a", one.name, "-d", quoted(one.description)),
      ),
      ...branch.flags.map((flag) => line(...condition, ...flagWords(flag))),
      ...(branch.words.length > 0
        ? [line(...condition, "-a", quoted(branch.words.join(" ")))]
        : []),
      ...branch.branches.flatMap((one) => within([...conditions, seen([one])], one)),
    ];
  };
  const isFirst = `not ${seen(branches)}`;
  return [
    `# Written by \`${name} completion fish\`. For this shell: ${name} completion fish | source`,
    line("-f"),
    ...flags.map((flag) => line(...flagWords(flag))),
    ...branches.flatMap((branch) => {
      // `quota check` is not `check`.
      const others = groups.filter((group) => group !== branch);
      const outside = others.length > 0 ? [`not ${seen(others)}`] : [];
      return [
        line("-n", quoted(isFirst), "-a", branch.name, "-d", quoted(branch.description)),
        ...within([seen([branch]), ...outside], branch),
      ];
    }),
    "",
  ].join("\n");
};

const seen = (branches: readonly Branch[]): string =>
  `__fish_seen_subcommand_from ${branches.map(({ name }) => name).join(" ")}`;

const flagWords = ({ names, description, value }: Flag): string[] => [
  ...names.flatMap((each) =>
    each.startsWith("--") ? ["-l", each.slice(2)] : ["-s", each.slice(1)],
  ),
  ...{ none: [], word: ["-x"], file: ["-r", "-F"] }[value],
  "-d",
  quoted(description),
];

/** One word for fish, where only the quote and the backslash are special between single quotes. */
const quoted = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;
