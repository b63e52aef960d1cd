import type { ExecutionContext } from "ava";
import type { Cluster } from "../../src/cluster/cluster.js";
import { type Machines, addressesOf } from "../../src/cluster/machines.js";
import { UserError } from "../../src/errors.js";
import type { Facts } from "../../src/host/facts.js";
import type { Step } from "../../src/reconcile/piece.js";
import { type FakeHost, type FakeHostOptions, fakeCluster, fakeFacts, fakeHost } from "./fakes.js";

/** A class of `manager`, `worker1`, `worker2` …, with a separate storage host named `server` if wanted. */
export const classOf = (
  workers: number,
  {
    server = false,
    answers = [],
    docker = {},
    ...options
  }: Pick<FakeHostOptions, "answers" | "docker"> & { server?: boolean } & Omit<
      NonNullable<Parameters<typeof fakeCluster>[2]>,
      "storage"
    > = {},
) => {
  const host = (name: string): FakeHost => fakeHost(name, { answers, docker });
  const members = Array.from({ length: workers }, (_, index) => host(`worker${index + 1}`));
  const more = server ? { storage: host("server") } : {};
  return fakeCluster(host("manager"), members, { ...more, ...options });
};

/** The result of inspectMachines for blank guests at 10.77.0.11, .12 …, with changes to the facts of all or of some. */
export const machinesOf = (
  cluster: Cluster,
  changes: Partial<Facts> = {},
  some: Record<string, Partial<Facts>> = {},
): Machines => {
  const facts = new Map(
    cluster.hosts.map((host, index) => [
      host,
      fakeFacts({
        machineId: `machine-id-of-${host.name}`,
        addresses: [{ device: "eth0", address: `10.77.0.${11 + index}`, prefix: 24, mtu: 1500 }],
        routes: [
          { destination: "default", device: "eth0" },
          { destination: "10.77.0.0/24", device: "eth0" },
        ],
        ...changes,
        ...some[host.name],
      }),
    ]),
  );
  const addresses = addressesOf(cluster, facts);
  return (host) => ({ facts: facts.get(host)!, address: addresses.get(host)! });
};

/** Steps as text: "manager: install docker.io (detail)". */
export const describeSteps = (steps: readonly Step[]): string[] =>
  steps.map(({ host, title, detail }) => `${host.name}: ${title}${detail ? ` (${detail})` : ""}`);

/** The UserError that a plan throws; anything else fails the test. */
export const planError = (t: ExecutionContext, plan: () => unknown): UserError =>
  t.throws(plan, { instanceOf: UserError });

/** Runs steps in their order. */
export const runAll = async (steps: readonly Step[]): Promise<void> => {
  for (const step of steps) await step.run(() => {});
};
