import test from "ava";
import { addresses } from "../../src/checks/addresses.js";
import type { Facts } from "../../src/host/facts.js";
import { paths } from "../../src/paths.js";
import { inspectChangedAddresses } from "../../src/swarm/changed-addresses.js";
import { contextOf, lines } from "../checks/support/context.js";
import { classOf, machinesOf } from "../support/class-of.js";

/** A machine of the class whose Docker says this of its Swarm. */
const known = (address: string, state: "active" | "error" = "active"): Partial<Facts> => ({
  files: { [paths.classNote]: "geo-101\n" },
  membership: { state, nodeId: "", manages: false, address },
});

const seen = (some: Record<string, Partial<Facts>>, server = false) => {
  const cluster = classOf(1, { server });
  const context = contextOf(cluster, { some });
  for (const host of cluster.hosts) host.facts = async () => context.machines(host).facts;
  return { cluster, context };
};

test("`check` names a manager whose private address changed, with the cure, and does not stop `up`", async (t) => {
  const { context } = seen({
    manager: known("10.77.0.99", "error"),
    worker1: known("10.77.0.12"),
  });
  const found = await addresses.run(context);
  t.deepEqual(lines(found), [
    "warning manager: its private address was 10.77.0.99 and is now 10.77.0.11: Docker Swarm does not recover from that, so nobody can work",
  ]);
  t.regex(found[0]?.hint ?? "", /homes, users, certificates and limits stay\): `swarmhub up`$/);
});

test("`check` names a worker whose private address changed", async (t) => {
  const { context } = seen({ manager: known("10.77.0.11"), worker1: known("10.77.0.98") });
  t.deepEqual(lines(await addresses.run(context)), [
    "warning worker1: its private address was 10.77.0.98 and is now 10.77.0.12: users' servers on it cannot be reached",
  ]);
});

test("a storage server whose address changed is known by the hub's settings", async (t) => {
  const hub = { storage: { address: "10.77.0.97", path: "/srv/swarmhub" } };
  const { cluster, context } = seen(
    {
      manager: {
        ...known("10.77.0.11"),
        files: {
          [paths.classNote]: "geo-101\n",
          [paths.hubConfiguration]: JSON.stringify(hub),
        },
      },
      worker1: known("10.77.0.12"),
    },
    true,
  );
  const changed = await inspectChangedAddresses(cluster, context.machines);
  t.deepEqual(
    changed.map(({ host, former, now }) => [host.name, former, now]),
    [["server", "10.77.0.97", "10.77.0.13"]],
  );
});

test("a machine that never was in the class, or is in no Swarm, has no former address", async (t) => {
  const cluster = classOf(1);
  const machines = machinesOf(
    cluster,
    {},
    {
      manager: { membership: { state: "active", nodeId: "", manages: true, address: "10.0.0.9" } },
      worker1: {
        files: { [paths.classNote]: "geo-101\n" },
        membership: { state: "inactive", nodeId: "", manages: false },
      },
    },
  );
  for (const host of cluster.hosts) host.facts = async () => machines(host).facts;
  t.deepEqual(await inspectChangedAddresses(cluster, machines), []);
});
