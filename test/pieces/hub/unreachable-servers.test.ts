import test from "ava";
import type { Config } from "../../../src/config/types.js";
import {
  inspectAddressedServers,
  stopUnreachableSteps,
} from "../../../src/pieces/hub/unreachable-servers.js";
import { describeSteps, runAll } from "../../support/class-of.js";
import { fakeCluster, fakeConfig, fakeFacts, fakeHost } from "../../support/fakes.js";

const Labels = { "swarmhub.class": "geo-101" };
const facts = fakeFacts({ units: { "docker.service": "active" } });

/** A class with a server that began without subdomains, one with them, and one of another domain. */
const world = async () => {
  const removed: string[] = [];
  const service = (user: string, Env?: unknown[]) => ({
    ID: `id-of-${user}`,
    Spec: {
      Name: `geo-101-nb-${user}`,
      Labels: { ...Labels, "swarmhub.user": user },
      TaskTemplate: { ContainerSpec: { Env } },
    },
  });
  const docker = {
    info: async () => ({
      Swarm: { LocalNodeState: "active", NodeID: "m", ControlAvailable: true },
    }),
    listServices: async () => [
      { ID: "id-of-hub", Spec: { Name: "geo-101-hub", Labels } },
      service("ada", ["JUPYTERHUB_USER=ada", "JUPYTERHUB_HOST="]),
      service("bob", ["JUPYTERHUB_HOST=https://geo.example.org", "HOME=/home/jovyan"]),
      service("carl", ["JUPYTERHUB_HOST=https://bio.example.org"]),
      service("dora"),
    ],
    getService: (id: string) => ({ remove: async () => void removed.push(id) }),
  };
  const cluster = fakeCluster(fakeHost("manager", { facts, docker: docker as never }), []);
  const servers = await inspectAddressedServers(cluster);
  const stepsFor = (config: Partial<Config>) =>
    stopUnreachableSteps(servers, fakeConfig(config), cluster);
  return { stepsFor, removed };
};

test("servers at another domain and those without a host are stopped, those at the wanted one stay", async (t) => {
  const { stepsFor, removed } = await world();
  const steps = stepsFor({ domain: "geo.example.org", subdomains: true });
  t.deepEqual(describeSteps(steps), [
    "manager: stop the servers of 3 users, as their addresses change (ada, carl, dora)",
  ]);
  await runAll(steps);
  t.deepEqual(removed, ["id-of-ada", "id-of-carl", "id-of-dora"]);
});

test("without subdomains all servers that have hosts are stopped, and the plan names them", async (t) => {
  const { stepsFor, removed } = await world();
  const steps = stepsFor({ domain: "geo.example.org" });
  t.deepEqual(describeSteps(steps), [
    "manager: stop the servers of 2 users, as their addresses change (bob, carl)",
  ]);
  await runAll(steps);
  t.deepEqual(removed, ["id-of-bob", "id-of-carl"]);
});
