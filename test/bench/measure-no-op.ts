import { workshop } from "../e2e/support/lab.js";
import { factsSections } from "./facts-sections.js";
import { type Figure, seconds } from "./figure.js";
import { type Bench, rootConfig } from "./lab.js";
import type { Benchmark } from "./progress.js";
import { type NoOps, noOpFigures, ourNoOp, playbookNoOp } from "./no-op.js";
import { bySwarmhub } from "./setup-tools.js";
import { whereTimeGoes } from "./where-time-goes.js";

/** Collects results; `attempt` turns an error into a note, so that the other benchmarks still run. */
export type Report = {
  attempt: <T>(title: string, work: () => Promise<T>) => Promise<T | undefined>;
  add: (figures: readonly Figure[]) => void;
  note: (title: string, text: string) => void;
  /** The results of this benchmark are complete, unless one of its attempts failed. */
  finish: (benchmark: Benchmark) => void;
};

/** P2 on three machines and on `small` more; the playbook last, because it changes some files of swarmhub. */
export const measureNoOp = async (
  bench: Bench,
  small: number,
  { attempt, add, note }: Report,
): Promise<void> => {
  const three = await attempt("P2: swarmhub up again", () => ours(bench, 0));
  if (three !== undefined) add(noOpFigures(3, three));
  await attempt("P2: where the time goes", async () => {
    const { folder } = await workshop(bench.lab, bench.yaml());
    const yaml = `${folder}/swarmhub.yaml`;
    for (const [login, config] of [
      ["with sudo", bench.lab.sshConfig],
      ["root", bench.rootSshConfig],
    ] as const)
      note(`P2: where the time goes, login ${login}`, await whereTimeGoes(yaml, config));
    note("P2: the facts", await factsSections(bench.lab.sshConfig));
  });
  const all =
    small === 0
      ? undefined
      : await attempt(`P2: ${small} more machines`, () => withMore(bench, small));

  if (all !== undefined) add(noOpFigures(3 + small, all));

  if (three !== undefined) {
    const playbook = await attempt("P2: the playbook again", () => playbookNoOp(bench, 3));
    if (playbook !== undefined) add(noOpFigures(3, three, playbook));
  }
  if (three !== undefined && all !== undefined) {
    const each = (login: keyof NoOps) => seconds((all[login] - three[login]) / small);
    note("P2: the cost of one more machine", `${each("sudo")} with sudo, ${each("root")} as root.`);
  }
};

const ours = async (bench: Bench, more: number): Promise<NoOps> => ({
  sudo: await ourNoOp(bench, bench.lab.sshConfig, more),
  root: await ourNoOp(bench, bench.rootSshConfig, more),
});

const withMore = async (bench: Bench, small: number): Promise<NoOps> => {
  await bench.lab.lab("delay", "0");
  await bench.lab.lab("up", String(3 + small), "--memory", "512");
  await rootConfig(bench.lab);
  await bySwarmhub(bench, small);
  await bench.lab.lab("delay", "50");
  return ours(bench, small);
};
