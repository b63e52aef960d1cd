import type { Cluster } from "../cluster/cluster.js";
import type { Config } from "../config/types.js";
import type { Host } from "../host/host.js";
import type { Report } from "./event.js";
import type { Progress } from "../wait.js";

/** One part of the system. `inspect` looks; `plan` and `remove` decide, and being synchronous cannot touch a machine. */
export type Piece<State = unknown> = {
  name: string;
  /** The name of an earlier piece: once that is there this one begins, beside those in between; it is waited for in its place. */
  startsAfter?: string;
  inspect(cluster: Cluster): Promise<State>;
  plan(want: Config, have: State, cluster: Cluster): Step[];
  remove(have: State, cluster: Cluster): Step[];
  /** What is wrong there and no step can mend, in sentences that begin with the host. */
  problems?(have: State, cluster: Cluster): string[];
};

/** One change to one machine, printable before it runs. */
export type Step = {
  host: Host;
  title: string;
  detail?: string;
  /** What is lost for ever by this step, in words; asked about first. */
  destroys?: string;
  /** Steps of the same plan, on other hosts, that must be done before. */
  after?: readonly Step[];
  run: (progress: Progress) => Promise<unknown>;
};

/** The pieces as far as they are on some of the machines: `remove` takes away what they have there, and nothing is planned. */
export const onlyOn = (hosts: readonly Host[], pieces: readonly Piece[]): Piece[] =>
  pieces.map((piece) => ({
    name: piece.name,
    inspect: (cluster) => piece.inspect(cluster),
    plan: () => [],
    remove: (have, cluster) =>
      piece
        .remove(have, cluster)
        .filter(({ host }) => hosts.includes(host))
        // What they wait for may be on another machine, where it is not done.
        .map(({ after: _, ...step }) => step),
  }));

/** What is wrong with a piece that no step can mend, in sentences; looks at what is remembered of the hosts. */
export const problemsOf = async (piece: Piece, cluster: Cluster): Promise<string[]> =>
  piece.problems === undefined ? [] : piece.problems(await piece.inspect(cluster), cluster);

/** Says of all pieces what is wrong with them and no step can mend, as warnings. */
export const warnOfProblems = async (
  pieces: readonly Piece[],
  cluster: Cluster,
  report: Report,
): Promise<void> => {
  for (const piece of pieces)
    for (const text of await problemsOf(piece, cluster)) report.event({ type: "warning", text });
};

/** A piece and what it would do now. */
export type Planned = { piece: Piece; steps: Step[] };
