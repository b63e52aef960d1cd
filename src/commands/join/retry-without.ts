import type { Cluster } from "../../cluster/cluster.js";
import { UserError, exitCode, hostsOf } from "../../errors.js";
import type { Host } from "../../host/host.js";
import type { Report } from "../../reconcile/event.js";
import type { Reconciled } from "../../reconcile/reconcile.js";
import type { ClusterWith } from "./admission.js";

/** How a class is made what it should be, shown by this report. */
export type Make = (cluster: Cluster, report: Report) => Promise<Reconciled>;

/** What came of it: who is in, what went wrong with the others, and all that was done. */
export type Settled = { joined: Host[]; failed: Map<string, unknown>; done: Reconciled };

/**
 * Makes the class with all newcomers; where that fails on some of these alone, the class without them. `leaveOut` is
 * told who stays out before the class is made again. Throws what is wrong with the class itself.
 */
export const retryWithout = async (
  newcomers: readonly Host[],
  clusterWith: ClusterWith,
  make: Make,
  report: Report,
  leaveOut: (hosts: readonly Host[]) => Promise<void>,
): Promise<Settled> => {
  const failed = new Map<string, unknown>();
  const begun = performance.now();
  let changed = 0;
  for (;;) {
    const joined = newcomers.filter(({ name }) => !failed.has(name));
    const { seen, report: watching } = watched(report);
    try {
      const done = await make(clusterWith(joined), watching);
      const ms = Math.round(performance.now() - begun);
      return { joined, failed, done: { ...done, changed: changed + done.changed, ms } };
    } catch (error) {
      const failing = new Set([...seen.failed, ...hostsOf(error)]);
      const out = joined.filter(({ name }) => failing.has(name));
      const hasOthers = [...seen.failed].some((name) => !out.some((host) => host.name === name));
      const isEnd =
        error instanceof UserError &&
        (error.code === exitCode.interrupted || error.code === exitCode.locked);
      if (isEnd || hasOthers || out.length === 0) throw error;
      changed += seen.done;
      for (const { name } of out) failed.set(name, error);
      await leaveOut(out);
    }
  }
};

/** The same report, and what of it counts here: hosts with a failed step, and how many steps were done. */
const watched = (report: Report) => {
  const seen = { failed: new Set<string>(), done: 0 };
  const event: Report["event"] = (each) => {
    if (each.type === "step-failed") seen.failed.add(each.host);
    if (each.type === "step-done") seen.done += 1;
    report.event(each);
  };
  return { seen, report: { event, close: () => report.close() } };
};
