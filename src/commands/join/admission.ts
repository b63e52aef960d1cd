import type { Check, OperatorMachine } from "../../checks/check.js";
import { runChecks } from "../../checks/index.js";
import { newcomerChecks, newcomerRefusals } from "../../checks/newcomers.js";
import { plan } from "../../checks/plan.js";
import { type Cluster, refuseOneMachineTwice } from "../../cluster/cluster.js";
import { inspectMachines } from "../../cluster/machines.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";

/** The checks of a machine before the class changes; the connections are tested last. */
const admissionChecks: readonly Check[] = [...newcomerChecks, plan];

/** The class with these machines added. */
export type ClusterWith = (newcomers: readonly Host[]) => Cluster;

/** Why machines may not join, by host; the others may. Throws a problem of the class itself. */
export const admissionRefusals = async (
  newcomers: readonly Host[],
  clusterWith: ClusterWith,
  operator: OperatorMachine,
  checks: readonly Check[] = admissionChecks,
): Promise<Map<Host, UserError>> => {
  const refused = new Map<Host, UserError>();
  const remaining = (): Host[] => newcomers.filter((host) => !refused.has(host));
  const accepted: Host[] = [];
  for (const host of newcomers) {
    const error = await errorOf(async () => {
      await refuseOneMachineTwice(clusterWith([...accepted, host]).hosts);
      await refuseOtherNetwork(host, clusterWith);
    });
    if (error === undefined) accepted.push(host);
    else refused.set(host, error);
  }
  for (;;) {
    const found = await runChecks(checks, clusterWith(remaining()), operator);
    const refusals = found.filter(({ level }) => level === "error");
    if (refusals.length === 0) break;
    for (const { host: name, text, hint } of refusals) {
      const error = new UserError(text, { host: name, hint, code: exitCode.preflight });
      const host = remaining().find((each) => each.name === name);
      if (host !== undefined) refused.set(host, error);
      else if (!newcomers.some((each) => each.name === name)) throw error;
    }
    // Repeated, since a piece that refuses one machine does not check the next.
  }
  const closed = await newcomerRefusals(remaining(), clusterWith(remaining()));
  return new Map([...refused, ...closed]);
};

const errorOf = async (check: () => Promise<void>): Promise<UserError | undefined> => {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
};

/** The machines use the network that all of them share: one outside of it would give all others new addresses. */
const refuseOtherNetwork = async (host: Host, clusterWith: ClusterWith): Promise<void> => {
  const [before, after] = [clusterWith([]), clusterWith([host])];
  const [was, is] = [await inspectMachines(before), await inspectMachines(after)];
  if (before.hosts.every((each) => was(each).address === is(each).address)) return;
  const addresses = before.hosts.map((each) => was(each).address).join(", ");
  throw new UserError(
    `no network card is in the network that the machines of the class share (${addresses})`,
    {
      host: host.name,
      hint: "add one, or write `{host: …, address: …}` for every machine in the configuration, then `swarmhub up`",
      code: exitCode.preflight,
    },
  );
};
