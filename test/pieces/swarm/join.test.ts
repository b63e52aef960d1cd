import test from "ava";
import { UserError, exitCode } from "../../../src/errors.js";
import type { Membership } from "../../../src/host/facts.js";
import type { Host } from "../../../src/host/host.js";
import { swarmPiece } from "../../../src/pieces/swarm.js";
import { waitForNode } from "../../../src/swarm/nodes.js";
import { classOf, machinesOf, runAll } from "../../support/class-of.js";
import { userError } from "../../support/fakes.js";

const out: Membership = { state: "inactive", nodeId: "", manages: false };

/** A class with one worker, whose machines have a public card too; what is asked of Docker, and the steps. */
const planned = ({
  joins = async () => {},
  manager = out,
  beforeJoin = undefined as undefined | ((host: Host) => Promise<void>),
} = {}) => {
  const asked: Record<string, unknown>[] = [];
  const docker = {
    swarmInit: async (options: Record<string, unknown>) => void asked.push(options),
    swarmInspect: async () => ({ JoinTokens: { Worker: "token" } }),
    swarmJoin: async (options: Record<string, unknown>) => {
      asked.push(options);
      await joins();
    },
    swarmLeave: async () => void asked.push({ left: true }),
    listContainers: async () => [],
    info: async () => ({ Swarm: { LocalNodeState: "active", NodeID: "id-worker1" } }),
    listNodes: async () => [{ ID: "id-worker1", Spec: {}, Status: { State: "ready" } }],
  };
  const cluster = classOf(1, { docker });
  const cards = (last: number) => ({
    addresses: [
      { device: "eth0", address: `203.0.113.${last}`, prefix: 24, mtu: 1500 },
      { device: "eth1", address: `10.77.0.${last}`, prefix: 24, mtu: 1500 },
    ],
  });
  const running = { units: { "docker.service": "active" } };
  const some = { manager: cards(11), worker1: cards(12) };
  const machines = machinesOf(cluster, running, some);
  for (const host of cluster.hosts) host.facts = async () => machines(host).facts;
  const members = {
    of: (host: Host) => (host === cluster.manager ? manager : out),
    nodes: [],
    swarmClass: manager.manages ? cluster.config.name : undefined,
    heartbeat: 20e9,
  };
  const steps = swarmPiece(beforeJoin).plan(cluster.config, { machines, members }, cluster);
  const titled = (title: string) => steps.filter((step) => step.title === title);
  return { cluster, asked, titled };
};

test("the Swarm listens and has its overlay network at the private address, on the manager and on a worker", async (t) => {
  const { asked, titled } = planned();
  await runAll([...titled("initialise the Swarm"), ...titled("join the Swarm")]);
  t.is(asked.length, 2);
  t.like(asked[0], {
    ListenAddr: "10.77.0.11:2377",
    AdvertiseAddr: "10.77.0.11",
    DataPathAddr: "10.77.0.11",
    Spec: { Dispatcher: { HeartbeatPeriod: 20e9 } },
  });
  t.like(asked[1], {
    ListenAddr: "10.77.0.12:2377",
    AdvertiseAddr: "10.77.0.12",
    DataPathAddr: "10.77.0.12",
    RemoteAddrs: ["10.77.0.11:2377"],
  });
});

const hint =
  "open 2377/tcp, 7946/tcp+udp and 4789/udp between it and manager, in the provider's security group and in the firewalls of both; to test them: `swarmhub check`";

test("where Docker itself cannot join, the error says which ports to open", async (t) => {
  const joins = async () => {
    throw new Error("(HTTP code 503) unexpected - Timeout was reached before node joined.");
  };
  const [step] = planned({ joins }).titled("join the Swarm");
  const error = await userError(step!.run(() => {}));
  t.is(
    error.message,
    "worker1: (HTTP code 503) unexpected - Timeout was reached before node joined.",
  );
  t.is(error.hint, hint);
});

test("an error that has a cure of its own keeps it", async (t) => {
  const own = new UserError("Docker Engine closed the connection", {
    host: "worker1",
    hint: "look",
  });
  const joins = async () => {
    throw own;
  };
  const [step] = planned({ joins }).titled("join the Swarm");
  t.is(await userError(step!.run(() => {})), own);
});

test("a node that joined and does not become ready has the same cure", async (t) => {
  const { cluster } = planned();
  const [worker] = cluster.workers;
  Object.assign(cluster.manager.docker, { listNodes: async () => [{ ID: "other" }] });
  const error = await userError(waitForNode(cluster.manager, worker!, 1));
  t.is(error.message, "worker1: joined the Swarm but is not ready for manager after 0.001 s");
  t.is(error.hint, hint);
});

test("what a test of the connections refuses does not leave its former Swarm, and does not join", async (t) => {
  const refusal = new UserError("4789/udp cannot be reached", {
    host: "worker1",
    code: exitCode.preflight,
  });
  const tested: string[] = [];
  const { asked, titled } = planned({
    manager: { state: "active", nodeId: "id-manager", manages: true },
    beforeJoin: async ({ name }) => {
      tested.push(name);
      throw refusal;
    },
  });
  const [step] = titled("join the Swarm");
  t.is(await userError(step!.run(() => {})), refusal);
  t.deepEqual(tested, ["worker1"]);
  t.deepEqual(asked, []);
});
