import test from "ava";
import { removeDeadMachines, nodesOf } from "../../../src/commands/leave/dead-machines.js";
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

const found = (destination: string, nodes: SwarmNode[], address?: string) =>
  nodesOf({ destination, ...(address !== undefined && { address }) }, nodes).map(({ ID }) => ID);

test("a dead machine is known by the name that the configuration gave it, whatever the login", (t) => {
  const nodes = [node("a", { host: "debian@10.0.0.3" }), node("b", { host: "debian@10.0.0.4" })];
  t.deepEqual(found("root@10.0.0.3", nodes), ["a"]);
  t.deepEqual(found("ssh://debian@10.0.0.4:22", nodes), ["b"]);
  t.deepEqual(found("debian@10.0.0.5", nodes), []);
});

test("one of an earlier swarmhub is known by its address or its own name", (t) => {
  const nodes = [node("a", { address: "10.0.0.3" }), node("b", { name: "Node4" })];
  t.deepEqual(found("debian@10.0.0.3", nodes), ["a"]);
  t.deepEqual(found("elsewhere", nodes, "10.0.0.3"), ["a"]);
  t.deepEqual(found("debian@node4", nodes), ["b"]);
});

test("a manager's node and a stranger's are never meant", (t) => {
  const nodes = [
    node("a", { host: "m", role: "manager" }),
    node("b", { name: "m", address: "m", ours: false }),
  ];
  t.deepEqual(found("m", nodes), []);
});

const leaving = (state: string) => {
  const removed: string[] = [];
  const docker = {
    listNodes: async () => [node("a", { host: "w", state }), node("b", { host: "other" })],
    getNode: (id: string) => ({ remove: async () => void removed.push(id) }),
  };
  const cluster = fakeCluster(fakeHost("manager", { docker: docker as never }));
  return {
    removed,
    work: removeDeadMachines(cluster, [{ destination: "w" }], async () => "settled"),
  };
};

test("the dead node is taken out of the list, then the class is settled", async (t) => {
  const { removed, work } = leaving("down");
  t.is(await work, "settled");
  t.deepEqual(removed, ["a"]);
});

test("a machine that is alive is refused, with the way that loses nobody", async (t) => {
  const { removed, work } = leaving("ready");
  const error = await userError(work);
  t.regex(error.message, /^w: the machine is not gone: the manager sees it as ready/);
  t.regex(error.hint ?? "", /`swarmhub leave w`/);
  t.deepEqual(removed, []);
  t.regex((await userError(leaving("unknown").work)).hint ?? "", /wait a minute/);
});
