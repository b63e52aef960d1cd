import type { Cluster } from "../../cluster/cluster.js";
import { UserError, exitCode, hostsOf } from "../../errors.js";
import type { Host } from "../../host/host.js";
import type { Report } from "../../reconcile/event.js";
import type { Reconciled } from "../../reconcile/reconcile.js";
import type { ClusterWith } from "./admission.js";

/** Reconciles a class, shown by this report. */
type ReconcileClass = (cluster: Cluster, report: Report) => Promise<Reconciled>;

/** The machines that joined, the errors of the others, and all that was done. */
export type JoinResult = { joined: Host[]; failed: Map<string, unknown>; done: Reconciled };

/**
 * Reconciles the class with all newcomers; where that fails only on some of these, without them. `leaveOut` is called
 * with these before the next attempt. Throws a failure of the class itself.
 */
export const retryWithout = async (
  newcomers: readonly Host[],
  clusterWith: ClusterWith,
  reconcileClass: ReconcileClass,
  report: Report,
  leaveOut: (hosts: readonly Host[]) => Promise<void>,
): Promise<JoinResult> => {
  const failed = new Map<string, unknown>();
  const started = performance.now();
  let changed = 0;
  for (;;) {
    const joined = newcomers.filter(({ name }) => !failed.has(name));
    const { seen, report: watching } = watched(report);
    try {
      const done = await reconcileClass(clusterWith(joined), watching);
      const ms = Math.round(performance.now() - started);
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

/** The same report, which also records the hosts with a failed step and the number of finished steps. */
const watched = (report: Report) => {
  const seen = { failed: new Set<string>(), done: 0 };
  const event: Report["event"] = (each) => {
    if (each.type === "step-failed") seen.failed.add(each.host);
    if (each.type === "step-done") seen.done += 1;
    report.event(each);
  };
  return { seen, report: { event, close: () => report.close() } };
};
