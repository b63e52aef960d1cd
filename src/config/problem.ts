/** Why a text is not what it should be, and what would be right: two halves of a sentence. */
export class Problem extends Error {
  override name = "Problem";
  constructor(
    readonly why: string,
    readonly right: string,
  ) {
    super(`${why}; ${right}`);
  }
}

/** Anything from a file, short and harmless enough for a terminal. */
export const shown = (value: unknown): string => {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  const harmless = text.replaceAll(/[^\P{C}]/gu, "\uFFFD");
  return harmless.length > 60 ? `${harmless.slice(0, 60)}…` : harmless;
};
