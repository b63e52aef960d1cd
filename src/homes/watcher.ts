import { duration } from "../text/format.js";

/** What the quota watcher wrote of its last pass. */
export type Watcher = {
  at: Date;
  homes: number;
  over90: string[];
  failures: { home: string; reason: string }[];
  problem: string | undefined;
};

/** Reads `watcher.json`; undefined where it is missing or cannot be read. Its texts may hold anything. */
export const watcherFrom = (text: string): Watcher | undefined => {
  try {
    const { at, homes, over90, failures, problem } = JSON.parse(text) as Record<string, unknown>;
    const time = new Date(String(at));
    if (Number.isNaN(time.getTime())) return undefined;
    return {
      at: time,
      homes: Number(homes ?? 0),
      over90: listOf(over90).map(String),
      failures: listOf(failures).map((one) => {
        const { home, reason } = one as { home?: unknown; reason?: unknown };
        return { home: String(home), reason: String(reason) };
      }),
      problem: typeof problem === "string" ? problem : undefined,
    };
  } catch {
    return undefined;
  }
};

/** What is wrong with the watcher itself, in a sentence; undefined where it is at work. `now` is its machine's clock. */
export const watcherProblem = (watcher: Watcher | undefined, now: Date): string | undefined => {
  if (watcher === undefined) return "the quota watcher has written nothing yet";
  const age = now.getTime() - watcher.at.getTime();
  if (age > staleAfter) return `the quota watcher gave no sign of life for ${duration(age)}`;
  if (watcher.problem !== undefined) return `the quota watcher cannot work: ${watcher.problem}`;
  return undefined;
};

// It makes a pass every 30 s at least.
const staleAfter = 120_000;

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
