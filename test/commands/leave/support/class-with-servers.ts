import type { Docker } from "../../../../src/docker/client.js";
import { fakeCluster, fakeFacts, fakeHost } from "../../../support/fakes.js";

const Labels = { "swarmhub.class": "geo-101" };

/** A class with four servers on `worker`: an idle and a busy one, one that the hub does not know, one with unknown kernels. Memory in bytes. */
export const classWithServers = (memory: Record<string, number> = {}) => {
  const done: string[] = [];
  const homes = ["ada", "bob", "ghost", "carl"];
  const docker = {
    info: async () => ({ Swarm: { ControlAvailable: true } }),
    listServices: async () =>
      homes.map((home) => ({ ID: home, Spec: { Name: `nb-${home}`, Labels } })),
    listTasks: async () =>
      homes.map((home) => ({ ServiceID: home, NodeID: "n", Status: { State: "running" } })),
    listNodes: async () => [{ ID: "n", Spec: { Labels: { "swarmhub.machine": "worker" } } }],
    listContainers: async ({ filters }: { filters: { label: string[] } }) =>
      filters.label[0] === "com.docker.swarm.service.name=hub" ? [{ Id: "c0" }] : [],
    listVolumes: async () => ({ Volumes: [] }),
    getService: (name: string) => ({ remove: async () => void done.push(`remove ${name}`) }),
  } as unknown as Partial<Docker>;
  const activity = (user: string, idle: number, busy: boolean | null) => ({
    user,
    home: user,
    ready: true,
    idle,
    busy,
  });
  const answers = [
    [
      "swarmhub.services.operator_api look",
      JSON.stringify([
        activity("ada", 700, false),
        activity("bob", 700, true),
        activity("carl", 9999, null),
      ]),
    ],
    ["swarmhub.services.operator_api stop", '{"ok": true}'],
    ["swarmhub.services.operator_api start", '{"ok": false, "why": "All seats are taken"}'],
  ] as const;
  const host = (name: string) =>
    fakeHost(name, {
      docker,
      answers,
      facts: fakeFacts({
        machineId: name,
        ...(memory[name] !== undefined && { memory: memory[name] }),
        units: { "docker.service": "active" },
        addresses: [{ device: "eth0", address: `10.0.0.${name.length}`, prefix: 24, mtu: 1500 }],
      }),
    });
  const cluster = fakeCluster(host("manager"), [host("worker")]);
  return { cluster, done };
};
