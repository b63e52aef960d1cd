import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { measureDockerCalls } from "./docker-calls.js";
import { measureEdge } from "./edge.js";
import { type Figure, markdown, seconds } from "./figure.js";
import { type SetupTime, measureFirstCell, stepTimes } from "./first-cell.js";
import { measureJoin } from "./join.js";
import { type Bench, bootBench, rebootBlank } from "./lab.js";
import { measureLoginBursts } from "./login-burst.js";
import { measureHomes } from "./many-homes.js";
import { type Report, measureNoOp } from "./measure-no-op.js";
import { type Benchmark, checkoutState, openProgress, replaceFile, requested } from "./progress.js";
import { withResults } from "./results-table.js";
import { measureWarmStart } from "./warm-start.js";
import { byHand, byPlaybook, bySwarmhub } from "./setup-tools.js";
import { measureStartUp } from "./start-up.js";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { small: { type: "string", default: "0" }, keep: { type: "boolean", default: false } },
});
const log = (text: string): void => void process.stderr.write(`${text}\n`);
const page = "docs/performance.md";
const { commit, state } = checkoutState(".");
const wanted = requested(positionals);
const progress = openProgress("build/bench", wanted, state);
if (progress.pending().length < wanted.length)
  log(`continuing an earlier run; still to do: ${progress.pending().join(", ")}`);
/** Whether some of these benchmarks are wanted and not done. */
const wants = (...names: Benchmark[]): boolean =>
  progress.pending().some((each) => names.includes(each));

const figures: Figure[] = [];
const failures: string[] = [];
const notes: string[] = [];
const note = (title: string, text: string): void => {
  log(`\n${title}\n${text}`);
  notes.push(`### ${title}\n\n${text}`);
};
const add = (more: readonly Figure[]): void => {
  figures.push(...more);
  log(markdown("so far", more));
};

/**
 * Runs a benchmark; an error becomes a note in the report, so that the other benchmarks still run. The title starts with the label of
 * the benchmark and a colon: "P4a: light server".
 */
const attempt = async <T>(title: string, work: () => Promise<T>): Promise<T | undefined> => {
  log(`${new Date().toISOString().slice(11, 19)} ${title}`);
  try {
    return await work();
  } catch (error) {
    note(
      `Not measured: ${title}`,
      error instanceof Error ? error.message.slice(0, 4000) : String(error),
    );
    failures.push(title);
    process.exitCode = 1;
    return undefined;
  }
};

/** Runs those benchmarks of a group that are pending; they share a lab. A benchmark may finish before the group does. */
const measure = async (
  group: Benchmark[],
  work: (pending: Benchmark[], report: Report) => Promise<void>,
): Promise<void> => {
  const pending = group.filter((each) => wants(each));
  if (pending.length === 0) return;
  const [load = Number.NaN] = loadavg();
  const conditions = { at: new Date(), commit, cores: cpus().length, load };
  const finish = (benchmark: Benchmark): void => {
    const label = labelOf(benchmark);
    const hasFailed = failures.some((title) => labelsIn(title).includes(label));
    if (hasFailed || !wants(benchmark)) return;
    const own = figures.filter(({ bench }) => bench === label);
    replaceFile(page, withResults(readFileSync(page, "utf8"), label, own, conditions));
    progress.finish(benchmark);
  };
  const title = `${pending.map(labelOf).join(", ")}: whole`;
  await attempt(title, () => work(pending, { attempt, add, note, finish }));
  for (const benchmark of pending) finish(benchmark);
};

const labelOf = (benchmark: Benchmark): string => `P${benchmark.slice(1)}`;
const labelsIn = (title: string): string[] => title.split(":")[0]?.split(", ") ?? [];

const main = async (): Promise<void> => {
  const { keep } = values;
  await measure(["p6"], async () => add(await measureStartUp()));
  await measure(["p5a", "p5b"], (pending, report) => measureHomes(pending, keep, report));
  await measure(["p4a", "p4b"], (pending, report) => measureLoginBursts(pending, keep, report));
  await measure(["p7"], (_, report) => measureJoin(keep, report));
  await measure(["p8"], (_, report) => measureEdge(keep, report));
  await measure(["p9"], (_, report) => measureWarmStart(keep, report));
  await measure(["p3", "p2", "p1"], measureThreeMachines);
};

const measureThreeMachines = async (
  pending: readonly Benchmark[],
  report: Report,
): Promise<void> => {
  const isBlank = pending.includes("p1");
  const bench = isBlank
    ? await rebootBlank(await bootBench())
    : await bootBench({ prepared: true });
  try {
    const ours = isBlank
      ? await attempt("P1: swarmhub up", () => measureFirstCell(bench, () => bySwarmhub(bench)))
      : await measureUp(bench);
    if (ours !== undefined && ours.events.includes("step-done"))
      note(`P1: the steps of swarmhub's ${seconds(ours.up)}`, stepTimes(ours.events));
    if (wants("p3", "p2")) await bench.lab.lab("delay", "50");
    if (wants("p2")) await measureNoOp(bench, Number(values.small), report);
    report.finish("p2");
    // Last: the calls of dockerode look like an attack to sshd, which then rejects connections from this machine for minutes.
    if (wants("p3")) await attempt("P3: calls", async () => add(await measureDockerCalls(bench)));
    report.finish("p3");
    if (isBlank && ours !== undefined) await compareFirstCells(bench, ours);
  } finally {
    if (!values.keep) await bench.lab.lab("down");
  }
};

const measureUp = async (bench: Bench): Promise<SetupTime> => {
  const started = performance.now();
  const events = await bySwarmhub(bench);
  return { up: performance.now() - started, cell: Number.NaN, events };
};

const compareFirstCells = async (bench: Bench, ours: SetupTime): Promise<void> => {
  const alternatives = [
    { name: "shell script", goal: { ratio: 1.2 }, up: byHand },
    { name: "playbook", goal: { ratio: 0.5 }, up: (blank: Bench) => byPlaybook(blank) },
  ];
  for (const { name, goal, up } of alternatives)
    await attempt(`P1: first cell by ${name}`, async () => {
      const blank = await rebootBlank(bench);
      const other = await measureFirstCell(blank, () => up(blank));
      const what = "three blank machines to the first cell";
      add([
        { bench: "P1", what, ours: ours.cell, other: { name, ms: other.cell }, goal },
        {
          bench: "P1",
          what: "of this until the class answers",
          ours: ours.up,
          other: { name, ms: other.up },
        },
      ]);
    });
};

const started = new Date();
await main();
const gigabytes = Math.round(totalmem() / 1e9);
const heading = `${started.toISOString().slice(0, 16).replace("T", " ")} UTC, ${cpus().length} cores and ${gigabytes} GB for everything, Node ${process.versions.node}`;
process.stdout.write([markdown(heading, figures), ...notes, ""].join("\n"));
