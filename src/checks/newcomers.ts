import type { Cluster } from "../cluster/cluster.js";
import { inspectMachines } from "../cluster/machines.js";
import { UserError, exitCode, hostsOf } from "../errors.js";
import type { Host } from "../host/host.js";
import { formerAddress } from "../swarm/changed-addresses.js";
import { inspectMembers, nodeOf } from "../swarm/nodes.js";
import type { Check } from "./check.js";
import { clock } from "./clock.js";
import type { Tried } from "./connections/exchange.js";
import { failedResults, failureOf, inUse } from "./connections/findings.js";
import { neededConnections } from "./connections/needed.js";
import { type Tested, testOpened } from "./connections/opened.js";
import { diskSpace } from "./disk-space.js";
import { encryption } from "./encryption.js";
import { system } from "./system.js";

/** The checks of machines that are to join a class that is up, beside those of the plan and of the connections. */
export const newcomerChecks: readonly Check[] = [system, encryption, clock, diskSpace];

/** The workers that are to join the Swarm: those that its manager does not list, or lists at a former address. */
export const newcomersOf = async (cluster: Cluster): Promise<Host[]> => {
  const [members, machines] = [await inspectMembers(cluster), await inspectMachines(cluster)];
  return cluster.workers.filter(
    (host) =>
      nodeOf(host, members) === undefined ||
      formerAddress(host, members.of(host), machines) !== undefined,
  );
};

/**
 * Why newcomers cannot join a class, by host: a connection that Swarm, NFS or the monitor needs between the newcomer and the class is
 * closed, in either direction. What the class's own firewall still closes to them is not tested. Listens only on the newcomers until
 * it is open. Throws where a machine of the class cannot take part in the test.
 */
export const newcomerRefusals = async (
  newcomers: readonly Host[],
  cluster: Cluster,
): Promise<Map<Host, UserError>> => {
  const refused = new Map<Host, UserError>();
  if (newcomers.length === 0) return refused;
  const context = { cluster, machines: await inspectMachines(cluster) };
  const isNew = (host: Host): boolean => newcomers.includes(host);
  // Repeated without a newcomer that cannot take part, for example since it has no perl.
  for (;;) {
    const needed = neededConnections(context).filter(
      ({ from, to }) => (isNew(from) || isNew(to)) && !refused.has(from) && !refused.has(to),
    );
    try {
      const { tried } = await testOpened(needed, context);
      const rest = newcomers.filter((host) => !refused.has(host));
      return new Map([...refused, ...refusalsFrom(tried, rest, context)]);
    } catch (error) {
      const [host] = newcomers.filter(
        (each) => !refused.has(each) && hostsOf(error).includes(each.name),
      );
      if (host === undefined || !(error instanceof UserError)) throw error;
      refused.set(host, error);
    }
  }
};

/** Of two newcomers that do not reach each other, only the second one is refused. */
const refusalsFrom = (
  inAnyOrder: readonly Tried[],
  newcomers: readonly Host[],
  context: Tested,
): Map<Host, UserError> => {
  const { hosts } = context.cluster;
  const tried = hosts.flatMap((each) => inAnyOrder.filter(({ from }) => from === each));
  const joined = new Set(hosts.filter((host) => !newcomers.includes(host)));
  const refused = new Map<Host, UserError>();
  for (const host of newcomers) {
    const own = tried.filter(
      ({ from, to }) => (from === host && joined.has(to)) || (to === host && joined.has(from)),
    );
    const error = refusalOf(host, own, context);
    if (error === undefined) joined.add(host);
    else refused.set(host, error);
  }
  return refused;
};

const refusalOf = (host: Host, own: readonly Tried[], context: Tested): UserError | undefined => {
  const untried = own.filter(({ to, result }) => to === host && result === "untried");
  const failures = [
    ...(untried.length === 0 ? [] : [inUse(host, untried)]),
    ...[true, false].flatMap((isTarget) =>
      failedResults.flatMap((result) =>
        alike(own.filter((each) => (each.to === host) === isTarget && each.result === result)).map(
          (failed) => {
            const { text, hint } = failureOf(result, failed, context);
            const sources = [...new Set(failed.map(({ from }) => from.name))].join(", ");
            return { text: isTarget ? `from ${sources}: ${text}` : text, hint };
          },
        ),
      ),
    ),
  ];
  if (failures.length === 0) return undefined;
  return new UserError(failures.map(({ text }) => text).join("\n"), {
    host: host.name,
    hint: failures.map(({ hint }) => hint).join("\n"),
    code: exitCode.preflight,
  });
};

/** Failures of the same ports together, since a rule that is missing closes them to all machines. */
const alike = (failed: readonly Tried[]): Tried[][] => {
  const pairs = groupedBy(failed, ({ from, to }) => `${from.name} ${to.name}`);
  return groupedBy(pairs, portsOf).map((group) => group.flat());
};

const portsOf = (pair: readonly Tried[]): string =>
  pair.map(({ protocol, port }) => `${port}/${protocol}`).join(" ");

const groupedBy = <T>(all: readonly T[], keyOf: (each: T) => string): T[][] => {
  const groups = new Map<string, T[]>();
  for (const each of all) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  return [...groups.values()];
};
