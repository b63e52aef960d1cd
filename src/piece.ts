import type { Cluster } from "./cluster.js";
import type { Config } from "./config.js";
import type { Step } from "./step.js";

/** One part of the system. `inspect` looks; `plan` and `remove` decide, and being synchronous cannot touch a machine. */
export type Piece<State = unknown> = {
  name: string;
  /** The name of an earlier piece: once that is there this one begins, beside those in between; it is waited for in its place. */
  beginsAfter?: string;
  inspect(cluster: Cluster): Promise<State>;
  plan(want: Config, have: State, cluster: Cluster): Step[];
  remove(have: State, cluster: Cluster): Step[];
  /** What is wrong there and no step can mend, in sentences that begin with the host. */
  problems?(have: State, cluster: Cluster): string[];
};
