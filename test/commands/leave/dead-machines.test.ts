import test from "ava";
import { removeDeadMachines } from "../../../src/commands/leave/dead-machines.js";
import type { HostConfig } from "../../../src/config/types.js";
import type { SwarmNode } from "../../../src/swarm/nodes.js";
import { fakeCluster, fakeHost, userError } from "../../support/fakes.js";

const node = (
  id: string,
  {
    host,
    address = "",
    name = "",
    state = "down",
    role = "worker",
    ours = true,
  }: Record<string, string | boolean>,
): SwarmNode => ({
  ID: id,
  Version: { Index: 1 },
  Spec: {
    Labels: ours
      ? {
          "swarmhub.machine": `machine-${id}`,
          ...(host !== undefined && { "swarmhub.host": String(host) }),
        }
      : {},
    Role: String(role),
    Availability: "active",
  },
  Description: { Hostname: String(name) },
  Status: { State: String(state), Addr: String(address) },
});

/** Removes a machine as dead from a class with these nodes; `removed` are the ids of the removed ones. */
const removing = (machine: HostConfig, nodes: readonly SwarmNode[]) => {
  const removed: string[] = [];
  const docker = {
    listNodes: async () => nodes,
    getNode: (id: string) => ({ remove: async () => void removed.push(id) }),
  };
  const cluster = fakeCluster(fakeHost("manager", { docker: docker as never }));
  return { removed, result: removeDeadMachines(cluster, [machine], async () => "reconciled") };
};

const removedFor = async (destination: string, nodes: readonly SwarmNode[], address?: string) => {
  const machine = { destination, ...(address !== undefined && { address }) };
  const { removed, result } = removing(machine, nodes);
  await result;
  return removed;
};

test("a dead machine is found by its name in the configuration, whatever the login", async (t) => {
  const nodes = [node("a", { host: "debian@10.0.0.3" }), node("b", { host: "debian@10.0.0.4" })];
  t.deepEqual(await removedFor("root@10.0.0.3", nodes), ["a"]);
  t.deepEqual(await removedFor("ssh://debian@10.0.0.4:22", nodes), ["b"]);
  t.deepEqual(await removedFor("debian@10.0.0.5", nodes), []);
});

test("a machine of an earlier swarmhub is found by its address or its host name", async (t) => {
  const nodes = [node("a", { address: "10.0.0.3" }), node("b", { name: "Node4" })];
  t.deepEqual(await removedFor("debian@10.0.0.3", nodes), ["a"]);
  t.deepEqual(await removedFor("elsewhere", nodes, "10.0.0.3"), ["a"]);
  t.deepEqual(await removedFor("debian@node4", nodes), ["b"]);
});

test("the nodes of the manager and of machines outside the class are never removed", async (t) => {
  const nodes = [
    node("a", { host: "m", role: "manager" }),
    node("b", { name: "m", address: "m", ours: false }),
  ];
  t.deepEqual(await removedFor("m", nodes), []);
});

const removingInState = (state: string) =>
  removing({ destination: "w" }, [node("a", { host: "w", state }), node("b", { host: "other" })]);

test("the dead node is removed from the list, then the class is reconciled", async (t) => {
  const { removed, result } = removingInState("down");
  t.is(await result, "reconciled");
  t.deepEqual(removed, ["a"]);
});

test("a machine that is alive is refused, with the command that moves its servers", async (t) => {
  const { removed, result } = removingInState("ready");
  const error = await userError(result);
  t.regex(error.message, /^w: the machine is not dead: the manager sees it as ready/);
  t.regex(error.hint ?? "", /`swarmhub leave w`/);
  t.deepEqual(removed, []);
  t.regex((await userError(removingInState("unknown").result)).hint ?? "", /wait a minute/);
});
