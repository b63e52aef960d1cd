import type { Check, OperatorMachine } from "../../checks/check.js";
import { clock } from "../../checks/clock.js";
import { diskSpace } from "../../checks/disk-space.js";
import { runChecks } from "../../checks/index.js";
import { plan } from "../../checks/plan.js";
import { system } from "../../checks/system.js";
import { type Cluster, refuseOneMachineTwice } from "../../cluster/cluster.js";
import { inspectMachines } from "../../cluster/machines.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";

/** Looks that a machine must pass before the class is changed for it. Not at the ports: the class's firewall closes them to strangers. */
const looks: readonly Check[] = [system, clock, diskSpace, plan];

/** The class with these machines more. */
export type ClusterWith = (newcomers: readonly Host[]) => Cluster;

/** What keeps machines from joining, by host; the others may. Throws where the class itself refuses. */
export const admissionRefusals = async (
  newcomers: readonly Host[],
  clusterWith: ClusterWith,
  world: OperatorMachine,
  checks: readonly Check[] = looks,
): Promise<Map<Host, UserError>> => {
  const refused = new Map<Host, UserError>();
  const left = (): Host[] => newcomers.filter((host) => !refused.has(host));
  const met: Host[] = [];
  for (const host of newcomers) {
    const error = await refusalBy(async () => {
      await refuseOneMachineTwice(clusterWith([...met, host]).hosts);
      await refuseMoving(host, clusterWith);
    });
    if (error === undefined) met.push(host);
    else refused.set(host, error);
  }
  for (;;) {
    const found = await runChecks(checks, clusterWith(left()), world);
    const refusals = found.filter(({ level }) => level === "error");
    if (refusals.length === 0) return refused;
    for (const { host: name, text, hint } of refusals) {
      const said = new UserError(name === undefined ? text : `${name}: ${text}`, {
        hint,
        code: exitCode.preflight,
      });
      const host = left().find((each) => each.name === name);
      if (host !== undefined) refused.set(host, said);
      else if (!newcomers.some((each) => each.name === name)) throw said;
    }
    // And again: a piece that refuses one machine says nothing of the next.
  }
};

const refusalBy = async (look: () => Promise<void>): Promise<UserError | undefined> => {
  try {
    await look();
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
};

/** The machines reach one another in the network that all of them share: one outside of it would give all others new addresses. */
const refuseMoving = async (host: Host, clusterWith: ClusterWith): Promise<void> => {
  const [before, after] = [clusterWith([]), clusterWith([host])];
  const [was, is] = [await inspectMachines(before), await inspectMachines(after)];
  if (before.hosts.every((each) => was(each).address === is(each).address)) return;
  const addresses = before.hosts.map((each) => was(each).address).join(", ");
  throw new UserError(
    `no network card is in the network in which the machines of the class reach one another (${addresses})`,
    {
      host: host.name,
      hint: "give it one; or write `{host: …, address: …}` for every machine in the configuration, then `swarmhub up`",
      code: exitCode.preflight,
    },
  );
};
