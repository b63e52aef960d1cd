import type { Step } from "./step.js";

/** How a step ended; times in milliseconds. A step that an interruption kept from beginning has no outcome. */
export type Outcome =
  | { kind: "done"; step: Step; ms: number }
  | { kind: "failed"; step: Step; ms: number; error: unknown }
  | { kind: "skipped"; step: Step; why: string };

/** What a thrown value says, in words. */
export const explain = (error: unknown): { error: string; cure?: string } => {
  if (!(error instanceof Error)) return { error: String(error) };
  const cure = "cure" in error && typeof error.cure === "string" ? { cure: error.cure } : {};
  return { error: error.message, ...cure };
};
