import { type Cluster, closeCluster, connectCluster } from "../../src/cluster/cluster.js";
import { loadConfig } from "../../src/config/load.js";
import { pieces } from "../../src/pieces/index.js";
import { reconcile } from "../../src/reconcile/reconcile.js";
import { managerDocker } from "../../src/swarm/membership.js";
import { roomPassword } from "../e2e/support/lab.js";
import { median, seconds } from "./figure.js";
import { type Span, type Trace, connectTraced, startTrace } from "./trace.js";

/** Runs one `up` with nothing to do in this process, and returns its phases in order and then all waits. */
export const whereTimeGoes = async (configFile: string, sshConfigFile: string): Promise<string> => {
  const trace = startTrace();
  const started = performance.now();
  await runPhases(trace, configFile, sshConfigFile);
  const all = performance.now() - started;
  const phases = trace.spans.filter(({ kind }) => kind === "phase");
  return [
    `In total ${seconds(all)} (without the start of Node and the loading of modules).`,
    "",
    ...phases.map((span) => line(span, started)),
    "",
    ...groups(trace.spans.filter(({ kind }) => kind !== "phase")),
    "",
  ].join("\n");
};

/** The steps of src/commands/up.ts; with nothing to do it takes no lock. */
const runPhases = async (
  trace: Trace,
  configFile: string,
  sshConfigFile: string,
): Promise<void> => {
  const phase = <T>(what: string, work: () => Promise<T>) => trace.record("", "phase", what, work);
  const config = await phase("read the configuration", () => loadConfig(configFile));
  const secrets = new Map([["shared-password", roomPassword]]);
  const cluster = await phase("connect to all, first facts", () =>
    connectCluster(config, secrets, (name) => connectTraced(name, sshConfigFile, trace)),
  );
  try {
    await phase("check that a class exists", () => managerDocker(cluster));
    await phase("inspect all parts", () => inspectOnly(cluster));
  } finally {
    await phase("disconnect", () => closeCluster(cluster));
  }
};

const inspectOnly = async (cluster: Cluster): Promise<void> => {
  const { changed } = await reconcile(pieces, cluster, {
    report: { event: () => {}, close: () => {} },
    confirm: async () => false,
  });
  if (changed > 0) throw new Error(`there was something to do: ${changed} steps`);
};

const line = ({ what, started, ended }: Span, start: number): string =>
  `- ${seconds(started - start)} → ${seconds(ended - start)}: ${what}, ${seconds(ended - started)}`;

/** The waits of each kind: their number, median, longest time and sum. */
const groups = (spans: readonly Span[]): string[] => {
  const byWhat = new Map<string, Span[]>();
  for (const each of spans) {
    const name = `${each.host} | ${each.kind} | ${each.what}`;
    byWhat.set(name, [...(byWhat.get(name) ?? []), each]);
  }
  const rows = [...byWhat].map(([name, list]) => {
    const times = list.map(({ started, ended }) => ended - started);
    const sum = times.reduce((total, time) => total + time, 0);
    return {
      sum,
      cells: [
        name,
        times.length,
        seconds(median(times)),
        seconds(Math.max(...times)),
        seconds(sum),
      ],
    };
  });
  const head = [
    "| host | kind | what | times | median | longest | sum |",
    "| --- | --- | --- | --- | --- | --- | --- |",
  ];
  return [
    ...head,
    ...rows
      .toSorted((one, other) => other.sum - one.sum)
      .map(({ cells }) => `| ${cells.join(" | ")} |`),
  ];
};
