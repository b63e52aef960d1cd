/** Whether a path goes into the context, and whether anything below it may. */
type Includes = (path: string) => { itself: boolean; below: boolean };

/**
 * Reads a .dockerignore: a pattern on each line, with * and ? within a name, ** across folders, [a-z], and ! for an exception; the last
 * pattern that matches a path or a folder above it counts. Dockerfile and .dockerignore are always included, as the builder reads them.
 */
export const ignoreFrom = (text: string): Includes => {
  const rules = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const isException = line.startsWith("!");
      const pattern = normalized(isException ? line.slice(1) : line);
      return { isException, expression: expressionOf(pattern) };
    })
    .filter(({ expression }) => expression !== undefined);
  const hasExceptions = rules.some(({ isException }) => isException);
  return (path) => {
    if (path === "Dockerfile" || path === ".dockerignore") return { itself: true, below: true };
    const prefixes = path.split("/").map((_, index, parts) => parts.slice(0, index + 1).join("/"));
    const last = rules.findLast(({ expression }) =>
      prefixes.some((prefix) => expression?.test(prefix)),
    );
    const itself = last === undefined || last.isException;
    return { itself, below: itself || hasExceptions };
  };
};

const normalized = (pattern: string): string =>
  pattern
    .trim()
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");

/** The pattern as a regular expression; undefined for an invalid one, which then ignores nothing. */
const expressionOf = (pattern: string): RegExp | undefined => {
  if (pattern === "") return undefined;
  const source = pattern.replaceAll(/\*\*\/|\*\*|\*|\?|\[\^?[^\]/]+\]|\\.|[^]/g, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (part.startsWith("[") && part.length > 1) return part;
    return escaped(part.length > 1 ? part.slice(1) : part);
  });
  try {
    return new RegExp(`^${source}$`, "s");
  } catch {
    return undefined;
  }
};

const escaped = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
