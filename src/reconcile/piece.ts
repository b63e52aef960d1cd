import type { Cluster } from "../cluster/cluster.js";
import type { Config } from "../config/types.js";
import type { Host } from "../host/host.js";
import type { Report } from "./event.js";
import type { Progress } from "../wait.js";

/** One part of the system. `inspect` reads the machines; `plan` and `remove` decide: they are synchronous, so they cannot touch a machine. */
export type Piece<State = unknown> = {
  name: string;
  /** The name of an earlier piece: this piece starts as soon as that one is done, beside those in between, and is waited for in its turn. */
  startsAfter?: string;
  inspect(cluster: Cluster): Promise<State>;
  plan(want: Config, have: State, cluster: Cluster): Step[];
  remove(have: State, cluster: Cluster): Step[];
  /** Problems that no step can repair, as sentences that begin with the host. */
  problems?(have: State, cluster: Cluster): string[];
};

/** One change to one machine, printable before it runs. */
export type Step = {
  host: Host;
  title: string;
  detail?: string;
  /** What it changes in particular, a line each: the people of a roster. */
  changes?: readonly string[];
  /** What this step destroys for ever, in words; the operator is asked before the run. */
  destroys?: string;
  /** Steps of the same plan, on other hosts, that must be done first. */
  after?: readonly Step[];
  /** Whether it changes nothing, and only waits. */
  waits?: boolean;
  /**
   * May resolve to a note, which the report shows behind "done". A step that an aborted signal can stop throws an error with
   * the code `interrupted`; others run to their end.
   */
  run: (progress: Progress, signal?: AbortSignal) => Promise<unknown>;
};

/** What a step reports at its end: "pulled from quay.io/swarmhub". */
export type StepNote = { note: string };

/** The pieces limited to some machines: `remove` removes what they have there, and `plan` is empty. */
export const onlyOn = (hosts: readonly Host[], pieces: readonly Piece[]): Piece[] =>
  pieces.map((piece) => ({
    name: piece.name,
    inspect: (cluster) => piece.inspect(cluster),
    plan: () => [],
    remove: (have, cluster) =>
      piece
        .remove(have, cluster)
        .filter(({ host }) => hosts.includes(host))
        // The step that they wait for may be on another machine, where it does not run.
        .map(({ after: _, ...step }) => step),
  }));

/** The problems of a piece that no step can repair, as sentences; uses the remembered facts of the hosts. */
export const problemsOf = async (piece: Piece, cluster: Cluster): Promise<string[]> =>
  piece.problems === undefined ? [] : piece.problems(await piece.inspect(cluster), cluster);

/** Reports the problems that no step can repair as warnings. */
export const warnOfProblems = async (
  pieces: readonly Piece[],
  cluster: Cluster,
  report: Report,
): Promise<void> => {
  for (const piece of pieces)
    for (const text of await problemsOf(piece, cluster)) report.event({ type: "warning", text });
};

/** A piece and the steps that it needs now. */
export type Planned = { piece: Piece; steps: Step[] };
