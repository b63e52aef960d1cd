import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** All benchmarks, in the order in which they run. */
export const benchmarks = [
  "p6",
  "p5a",
  "p5b",
  "p4a",
  "p4b",
  "p7",
  "p8",
  "p9",
  "p3",
  "p2",
  "p1",
] as const;
/** The name of one of them. */
export type Benchmark = (typeof benchmarks)[number];

/** The benchmarks that are meant by "all", by "p4" (p4a and p4b) or by their names. */
export const requested = (names: readonly string[]): Benchmark[] =>
  benchmarks.filter((each) => names.some((name) => name === "all" || each.startsWith(name)));

/** The short commit of a checkout, and a text that differs whenever a file differs. The page of results does not count. */
export const checkoutState = (root: string): { commit: string; state: string } => {
  const git = (...argv: string[]): string =>
    execFileSync("git", argv, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  const files = ["--", ".", ":!docs/performance.md"];
  const changed = git("status", "--porcelain", ...files);
  const commit = git("rev-parse", "--short", "HEAD").trim();
  const changes = changed + git("diff", "HEAD", ...files);
  const hash = createHash("sha256").update(changes).digest("hex").slice(0, 12);
  return { commit: changed === "" ? commit : `${commit} and changes`, state: `${commit} ${hash}` };
};

/** The benchmarks of one command that are done, kept in a file until all are: the same command on the same files continues there. */
export type Progress = { pending: () => Benchmark[]; finish: (benchmark: Benchmark) => void };

/** Opens the progress of a command in a folder; progress on another state of the files is discarded. */
export const openProgress = (
  folder: string,
  wanted: readonly Benchmark[],
  state: string,
): Progress => {
  const path = join(folder, `progress-${wanted.join("-")}.json`);
  const done = new Set<Benchmark>(readDone(path, state));
  const pending = (): Benchmark[] => wanted.filter((each) => !done.has(each));
  return {
    pending,
    finish: (benchmark) => {
      done.add(benchmark);
      if (pending().length === 0) rmSync(path, { force: true });
      else replaceFile(path, JSON.stringify({ state, done: [...done] }));
    },
  };
};

const readDone = (path: string, state: string): Benchmark[] => {
  try {
    const saved = JSON.parse(readFileSync(path, "utf8")) as { state: string; done: Benchmark[] };
    return saved.state === state ? saved.done : [];
  } catch {
    return []; // There is no file, or only a part of one.
  }
};

/** Writes a file beside its place and renames it. */
export const replaceFile = (path: string, content: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
};
