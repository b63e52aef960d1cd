import { workshop } from "../e2e/support/lab.js";
import { type Figure, median } from "./figure.js";
import type { Bench } from "./lab.js";
import { byPlaybook } from "./setup-tools.js";

const runs = 5;

/** The median of 5 runs of `up` with nothing to do, with `more` workers in addition to two; milliseconds. Throws if there was something to do. */
export const ourNoOp = async (bench: Bench, sshConfig: string, more = 0): Promise<number> => {
  const { swarmhub } = await workshop({ ...bench.lab, sshConfig }, bench.yaml(more));
  return medianOf(async () => {
    const { code, stderr, ms } = await swarmhub("up");
    if (code !== 0 || !stderr.includes("nothing had to change")) throw new Error(stderr);
    return ms;
  });
};

/** The median of 3 runs of the playbook that change nothing, on the same machines, after one that may; milliseconds. Each takes minutes. */
export const playbookNoOp = async (bench: Bench, guests: number, times = 3): Promise<number> => {
  await byPlaybook(bench, guests);
  return medianOf(async () => {
    const started = performance.now();
    const changed = await byPlaybook(bench, guests);
    if (changed > 0) throw new Error(`the playbook changed ${changed} things again`);
    return performance.now() - started;
  }, times);
};

/** The figures of P2: ours alone, or compared with the playbook if it was measured. */
export const noOpFigures = (guests: number, times: NoOps, playbook?: number): Figure[] =>
  (["sudo", "root"] as const).map((login) => ({
    bench: "P2",
    what: `\`up\` with nothing to do at 50 ms, ${guests} machines, login ${login === "sudo" ? "with sudo" : "root"}`,
    ours: times[login],
    ...(playbook === undefined
      ? { goal: { atMost: 2000 } }
      : { other: { name: "playbook", ms: playbook }, goal: { ratio: 0.1 } }),
  }));

/** The times of `up` for the two kinds of login; milliseconds. */
export type NoOps = { sudo: number; root: number };

const medianOf = async (once: () => Promise<number>, times = runs): Promise<number> => {
  const all: number[] = [];
  for (let left = times; left > 0; left -= 1) all.push(await once());
  return median(all);
};
