/** What a .dockerignore says of a path: does it come along, and may anything below it. */
export type Ignore = (path: string) => { itself: boolean; below: boolean };

/**
 * Reads a .dockerignore: a pattern a line, with * and ? within a name, ** over several, [a-z], and ! to take back in; the last that fits a
 * path or a folder above it counts. The Dockerfile and the .dockerignore always come along: the builder reads them.
 */
export const ignoreFrom = (text: string): Ignore => {
  const rules = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const takesBack = line.startsWith("!");
      const pattern = cleaned(takesBack ? line.slice(1) : line);
      return { takesBack, fits: expressionOf(pattern) };
    })
    .filter(({ fits }) => fits !== undefined);
  const mayTakeBack = rules.some(({ takesBack }) => takesBack);
  return (path) => {
    if (path === "Dockerfile" || path === ".dockerignore") return { itself: true, below: true };
    const above = path.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/"));
    const last = rules.findLast(({ fits }) => above.some((each) => fits?.test(each)));
    const itself = last === undefined || last.takesBack;
    return { itself, below: itself || mayTakeBack };
  };
};

const cleaned = (pattern: string): string =>
  pattern
    .trim()
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");

/** The pattern as a regular expression; undefined for one that cannot be read, which then ignores nothing. */
const expressionOf = (pattern: string): RegExp | undefined => {
  if (pattern === "") return undefined;
  const source = pattern.replaceAll(/\*\*\/|\*\*|\*|\?|\[\^?[^\]/]+\]|\\.|[^]/g, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (part.startsWith("[") && part.length > 1) return part;
    return literally(part.length > 1 ? part.slice(1) : part);
  });
  try {
    return new RegExp(`^${source}$`, "s");
  } catch {
    return undefined;
  }
};

const literally = (letter: string): string => letter.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
