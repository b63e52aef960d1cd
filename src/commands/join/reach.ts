import { operatorMachine } from "../../checks/check.js";
import type { HostConfig } from "../../config/types.js";
import { connectWhenBooted } from "../../host/connect.js";
import type { Host } from "../../host/host.js";
import type { Report } from "../../reconcile/event.js";
import { runTasks } from "../../reconcile/run-tasks.js";
import { type ClusterWith, admissionRefusals } from "./admission.js";

/** The hosts that are connected, those of them that may join, and the errors of all others. */
type ReachedHosts = { open: Host[]; admitted: Host[]; failed: Map<string, unknown> };

/** Connects to machines at once, waiting `wait` milliseconds at most, and checks which may join the class. */
export const reachHosts = async (
  machines: readonly HostConfig[],
  clusterWith: ClusterWith,
  connect: (destination: string) => Promise<Host>,
  { report, wait, signal }: { report: Report; wait: number; signal: AbortSignal },
): Promise<ReachedHosts> => {
  const ends = await runTasks(
    "machines",
    machines.map(({ destination }) => ({
      host: destination,
      title: "connect",
      run: (progress) => connectWhenBooted(destination, connect, progress, { wait, signal }),
    })),
    report,
  );
  const open = ends.flatMap((end) => ("result" in end ? [end.result] : []));
  const failed = new Map<string, unknown>(
    machines.flatMap(({ destination }, index) => {
      const end = ends[index];
      return end !== undefined && "error" in end ? [[destination, end.error]] : [];
    }),
  );
  try {
    const refused = await admissionRefusals(open, clusterWith, operatorMachine);
    for (const [{ name }, error] of refused) failed.set(name, error);
    return { open, admitted: open.filter((host) => !refused.has(host)), failed };
  } catch (error) {
    await Promise.all(open.map((host) => host.close()));
    throw error;
  }
};
