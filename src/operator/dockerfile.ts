/** An instruction of a Dockerfile: the number of its first line, its keyword in capitals, its flags, and the rest on one line. */
type Instruction = { line: number; keyword: string; flags: string[]; rest: string };

/** A line that only BuildKit builds as it is written, with the words in it that need BuildKit: "RUN --mount". */
export type BuildKitLine = { line: number; what: string };

/** The images in FROM, without earlier stages and names that depend on a build argument. */
export const basesOf = (dockerfile: string): string[] => {
  const stages = new Set<string>();
  const names: string[] = [];
  for (const { keyword, rest } of instructionsOf(dockerfile)) {
    if (keyword !== "FROM") continue;
    const [name = "", as = "", stage = ""] = rest.split(/\s+/);
    if (!name.includes("$") && name !== "scratch" && !stages.has(name.toLowerCase()))
      names.push(name);
    if (as.toLowerCase() === "as") stages.add(stage.toLowerCase());
  }
  return [...new Set(names)].filter((name) => name !== "");
};

/**
 * The first line that needs BuildKit. The Engine's older builder refuses some of them without a reason, and builds wrong
 * images from others without a word: it drops the body of a RUN with a heredoc, ignores ADD --checksum and COPY --link, and
 * leaves TARGETARCH empty (measured with Engine 26).
 */
export const buildKitLine = (dockerfile: string): BuildKitLine | undefined => {
  const syntax = directivesOf(dockerfile).find(({ name }) => name === "syntax");
  if (syntax !== undefined) return { line: syntax.line, what: "# syntax=" };
  for (const instruction of instructionsOf(dockerfile)) {
    const what = needs(instruction);
    if (what !== undefined) return { line: instruction.line, what };
  }
  return undefined;
};

const newFlags: Record<string, readonly string[]> = {
  RUN: ["mount", "network", "security", "device"],
  COPY: ["chmod", "link", "parents", "exclude"],
  ADD: ["chmod", "link", "exclude", "checksum", "keep-git-dir", "unpack"],
};
const platform = /^(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)$/;
const platformInName = /\$\{?((?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT))\b/;

const needs = ({ keyword, flags, rest }: Instruction): string | undefined => {
  const flag = flags.find((each) => newFlags[keyword]?.includes(nameOf(each)));
  if (flag !== undefined) return `${keyword} --${nameOf(flag)}`;
  if (heredocsIn(keyword, rest).length > 0) return `${keyword} <<${heredocsIn(keyword, rest)[0]}`;
  if (keyword === "FROM") {
    const [, name] = platformInName.exec([...flags, rest].join(" ")) ?? [];
    return name === undefined ? undefined : `FROM with $${name}`;
  }
  if (keyword === "ARG") {
    const argument = rest.split(/\s+/).find((each) => platform.test(each));
    return argument === undefined ? undefined : `ARG ${argument}`;
  }
  const isGit = /(?:^|\s)(?:git@\S+:|https?:\/\/\S+\.git(?=[#\s]))/.test(rest);
  return keyword === "ADD" && isGit ? "ADD of a git repository" : undefined;
};

const nameOf = (flag: string): string => flag.replace(/^--/, "").replace(/=.*$/s, "");

/** The instructions, without comments and the bodies of heredocs; ONBUILD counts as the instruction behind it. */
const instructionsOf = (dockerfile: string): Instruction[] => {
  const lines = dockerfile.split(/\r?\n/);
  const escape = directivesOf(dockerfile).find(({ name }) => name === "escape")?.value ?? "\\";
  const continued = (line: string): boolean => line.trimEnd().endsWith(escape);
  const instructions: Instruction[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const first = index;
    let text = lines[index] ?? "";
    if (isComment(text) || text.trim() === "") continue;
    while (continued(text)) {
      text = text.trimEnd().slice(0, -1);
      index += 1;
      // Comments and empty lines within an instruction are skipped, and it goes on.
      while (index < lines.length && (isComment(lines[index] ?? "") || lines[index]?.trim() === ""))
        index += 1;
      if (index >= lines.length) break;
      text += ` ${lines[index]?.trim()}`;
    }
    const instruction = instructionFrom(first + 1, text);
    if (instruction === undefined) continue;
    instructions.push(instruction);
    for (const word of heredocsIn(instruction.keyword, instruction.rest))
      while (index + 1 < lines.length && lines[(index += 1)]?.replace(/^\t+/, "") !== word);
  }
  return instructions;
};

const isComment = (line: string): boolean => /^\s*#/.test(line);

const instructionFrom = (line: number, text: string): Instruction | undefined => {
  const [, keyword = "", after = ""] =
    /^\s*(?:ONBUILD\s+)?([A-Za-z]+)(?:\s+(.*))?$/is.exec(text) ?? [];
  if (keyword === "") return undefined;
  const [flagText = ""] = /^(?:--\S+\s+)*/.exec(after) ?? [];
  return {
    line,
    keyword: keyword.toUpperCase(),
    flags: flagText.split(/\s+/).filter((flag) => flag !== ""),
    rest: after.slice(flagText.length).trim(),
  };
};

/** The words that end the heredocs of an instruction: a whole word such as <<EOF, <<-EOF, 3<<"EOF"; not 1 << 3 or <<<. */
const heredocsIn = (keyword: string, rest: string): string[] => {
  if (!["RUN", "COPY", "ADD"].includes(keyword)) return [];
  const words = rest.match(/(?:[^\s"'\\]|\\.|"(?:\\.|[^"\\])*"|'[^']*')+/g) ?? [];
  return words.flatMap((word) => {
    const [, name = ""] = /^\d*<<-?(["']?[^<"']+["']?)$/.exec(word) ?? [];
    return name === "" ? [] : [name.replaceAll(/["']/g, "")];
  });
};

/** The lines such as "# syntax=docker/dockerfile:1" at the top, before anything else. */
const directivesOf = (dockerfile: string): { line: number; name: string; value: string }[] => {
  const directives: { line: number; name: string; value: string }[] = [];
  for (const [index, text] of dockerfile.split(/\r?\n/).entries()) {
    const [, name, value = ""] = /^\s*#\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(text) ?? [];
    if (name === undefined) break;
    directives.push({ line: index + 1, name: name.toLowerCase(), value });
  }
  return directives;
};
