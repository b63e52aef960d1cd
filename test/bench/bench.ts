import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { measureDockerCalls } from "./docker-calls.js";
import { measureEdge } from "./edge.js";
import { type Figure, markdown, seconds } from "./figure.js";
import { type SetupTime, measureFirstCell, stepTimes } from "./first-cell.js";
import { measureJoin } from "./join.js";
import { type Bench, bootBench, rebootBlank } from "./lab.js";
import { measureLoginBursts } from "./login-burst.js";
import { measureHomes } from "./many-homes.js";
import { measureNoOp } from "./measure-no-op.js";
import { byHand, byPlaybook, bySwarmhub } from "./setup-tools.js";
import { measureStartUp } from "./start-up.js";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { small: { type: "string", default: "0" }, keep: { type: "boolean", default: false } },
});
const wants = (...benches: string[]): boolean =>
  positionals.some((name) => name === "all" || benches.includes(name));
const log = (text: string): void => void process.stderr.write(`${text}\n`);

const figures: Figure[] = [];
const notes: string[] = [];
const note = (title: string, text: string): void => {
  log(`\n${title}\n${text}`);
  notes.push(`### ${title}\n\n${text}`);
};
const add = (more: readonly Figure[]): void => {
  figures.push(...more);
  log(markdown("so far", more));
};

/** Runs a benchmark; an error becomes a note in the report, so that the other benchmarks still run. */
const attempt = async <T>(title: string, work: () => Promise<T>): Promise<T | undefined> => {
  log(`${new Date().toISOString().slice(11, 19)} ${title}`);
  try {
    return await work();
  } catch (error) {
    note(
      `Not measured: ${title}`,
      error instanceof Error ? error.message.slice(0, 4000) : String(error),
    );
    process.exitCode = 1;
    return undefined;
  }
};

const main = async (): Promise<void> => {
  if (wants("p6")) await attempt("P6", async () => add(await measureStartUp()));
  const homes = (["p5a", "p5b"] as const).filter((kind) => wants("p5", kind));
  if (homes.length > 0)
    await attempt("P5", () => measureHomes(homes, values.keep, { attempt, add, note }));
  const bursts = (["p4a", "p4b"] as const).filter((kind) => wants("p4", kind));
  if (bursts.length > 0)
    await attempt("P4", () => measureLoginBursts(bursts, values.keep, { attempt, add, note }));
  if (wants("p7")) await attempt("P7", () => measureJoin(values.keep, { attempt, add, note }));
  if (wants("p8")) await attempt("P8", () => measureEdge(values.keep, { attempt, add, note }));
  if (!wants("p1", "p2", "p3")) return;
  const isBlank = wants("p1");
  const bench = isBlank
    ? await rebootBlank(await bootBench())
    : await bootBench({ prepared: true });
  try {
    const ours = await attempt("swarmhub up", () =>
      wants("p1") ? measureFirstCell(bench, () => bySwarmhub(bench)) : measureUp(bench),
    );
    if (ours !== undefined && ours.events.includes("step-done"))
      note(`P1: the steps of swarmhub's ${seconds(ours.up)}`, stepTimes(ours.events));
    if (wants("p3", "p2")) await bench.lab.lab("delay", "50");
    if (wants("p2")) await measureNoOp(bench, Number(values.small), { attempt, add, note });
    // Last: the calls of dockerode look like an attack to sshd, which then rejects connections from this machine for minutes.
    if (wants("p3")) await attempt("P3", async () => add(await measureDockerCalls(bench)));
    if (wants("p1") && ours !== undefined) await compareFirstCells(bench, ours);
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
    await attempt(`first cell by ${name}`, async () => {
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
