import test from "ava";
import { serverText } from "../../src/commands/homes/ls.js";
import { homesLines, inspectClassHomes } from "../../src/commands/shared/homes.js";
import type { Docker } from "../../src/docker/client.js";
import { keptUntil } from "../../src/homes/trash.js";
import { serversOf, stopServer } from "../../src/swarm/user-servers.js";
import { fakeCluster, fakeFacts, fakeHost, twoMachines } from "../support/fakes.js";

const now = 1_795_262_400;

const stateOf = (watcher: unknown, seconds = now) =>
  inspectClassHomes(
    fakeHost("node1", { answers: [["mountpoint", `${seconds}\n${JSON.stringify(watcher)}\n`]] }),
  );

test("status shows the number of homes, the full ones and the failures of the watcher", async (t) => {
  const at = new Date(now * 1000).toISOString();
  const failures = [{ home: "bob", reason: "no\u0007 space" }];
  const state = await stateOf({ at, homes: 12, over90: ["ada"], failures });
  t.is(state?.problem, undefined);
  t.deepEqual(homesLines(state!), ["12 homes, 1 over 90 % full: ada", "bob: no space"]);
});

test("a watcher whose status is stale, missing or a problem is drift", async (t) => {
  const at = new Date(now * 1000).toISOString();
  for (const [watcher, seconds, text] of [
    [{ at, homes: 1 }, now + 121, /has not responded for 2 min 01 s/],
    [
      { at, homes: 0, problem: "the disk is\ngone" },
      now,
      /^the quota watcher cannot work: the disk/,
    ],
    [{ at: "soon" }, now, /has not written its status/],
    ["", now, /has not written its status/],
  ] as const)
    t.regex(homesLines((await stateOf(watcher, seconds))!)[0] ?? "", text);
  t.is(await inspectClassHomes(fakeHost("node1", { answers: [["mountpoint", ""]] })), undefined);
});

const Labels = { "swarmhub.class": "geo-101" };

const withServers = () => {
  const done: string[] = [];
  const engine = (name: string): Partial<Docker> =>
    ({
      info: async () => ({ Swarm: { ControlAvailable: name === "manager" } }),
      listServices: async () => [
        { ID: "s1", Spec: { Name: "nb-ada", Labels } },
        { ID: "s2", Spec: { Name: "nb-bob", Labels } },
        { ID: "s3", Spec: { Name: "hub", Labels } },
      ],
      listTasks: async () => [{ ServiceID: "s1", NodeID: "n2", Status: { State: "running" } }],
      listNodes: async () => [{ ID: "n2", Spec: { Labels: { "swarmhub.machine": "id-worker" } } }],
      getService: (service: string) => ({ remove: async () => done.push(`remove ${service}`) }),
      listContainers: async () => [],
      listVolumes: async () => ({
        Volumes: [{ Name: "swarmhub-home-ada-12345678" }, { Name: "precious" }],
      }),
      getVolume: (volume: string) => ({ remove: async () => done.push(`${name}: ${volume}`) }),
    }) as unknown as Partial<Docker>;
  return { cluster: twoMachines(engine), done };
};

test("each server has the machine that it runs on", async (t) => {
  const servers = await serversOf(withServers().cluster);
  t.deepEqual(
    [...servers],
    [
      ["ada", { state: "running", host: "worker" }],
      ["bob", { state: "starting", host: undefined }],
    ],
  );
  t.is(serverText(servers.get("ada")), "worker");
  t.is(serverText(servers.get("bob")), "no machine (starting)");
  t.is(serverText(undefined), "-");
});

test("a stopped server leaves no mount of its home, and no other volume is removed", async (t) => {
  const { cluster, done } = withServers();
  await stopServer(cluster, "ada");
  t.deepEqual(done.toSorted(), [
    "manager: swarmhub-home-ada-12345678",
    "remove nb-ada",
    "worker: swarmhub-home-ada-12345678",
  ]);
});

test("an entry stays in the trash for the configured days", (t) => {
  const deleted = new Date("2026-11-21T12:00:00Z");
  t.is(keptUntil({ deleted }, 30).toISOString(), "2026-12-21T12:00:00.000Z");
});

test("a class that is not up has no servers", async (t) => {
  const host = fakeHost("node1", { facts: fakeFacts({ units: {} }) });
  t.deepEqual([...(await serversOf(fakeCluster(host)))], []);
  await t.notThrowsAsync(stopServer(fakeCluster(host), "ada"));
});
