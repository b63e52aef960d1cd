import test from "ava";
import {
  refuseNeeded,
  activeServersOn,
  restartServer,
  stopActiveServer,
} from "../../../src/commands/leave/servers.js";
import type { Docker } from "../../../src/docker/client.js";
import { exitCode } from "../../../src/errors.js";
import { planError } from "../../support/class-of.js";
import {
  fakeCluster,
  fakeConfig,
  fakeHost,
  persistentStorage,
  userError,
} from "../../support/fakes.js";
import { classWithServers } from "./support/class-with-servers.js";

test("the manager and the machine with the homes are refused with the reason", (t) => {
  const config = fakeConfig({
    storage: persistentStorage({ host: { destination: "debian@store" } }),
  });
  const errorFor = (destination: string) =>
    planError(t, () => refuseNeeded(config, [{ destination }]));
  t.regex(errorFor("root@manager").message, /^root@manager: the manager cannot leave/);
  t.regex(errorFor("store").message, /^store: this machine cannot leave: the homes are on it/);
  t.is(errorFor("store").code, exitCode.usage);
  t.notThrows(() => refuseNeeded(config, [{ destination: "worker" }]));
});

test("the hub tells which servers are idle; a server that it does not know counts as idle", async (t) => {
  const { cluster } = classWithServers();
  t.deepEqual(await activeServersOn(cluster, cluster.workers), [
    { home: "ada", user: "ada", idle: true },
    { home: "bob", user: "bob", idle: false },
    { home: "ghost", user: undefined, idle: true },
    { home: "carl", user: "carl", idle: false },
  ]);
  t.deepEqual(await activeServersOn(cluster, [cluster.manager]), []);
});

test("a server is stopped by the hub, and by Docker alone if the hub does not know it", async (t) => {
  const { cluster, done } = classWithServers();
  await stopActiveServer(cluster, { home: "ada", user: "ada", idle: true });
  t.true(cluster.manager.asked.some((each) => each.includes("operator_api stop")));
  cluster.manager.asked.length = 0;
  await stopActiveServer(cluster, { home: "ghost", user: undefined, idle: true });
  t.deepEqual(cluster.manager.asked, []);
  t.deepEqual(done, ["remove ghost"]);
});

test("a server that does not restart is reported with the hub's reason", async (t) => {
  const { cluster } = classWithServers();
  t.deepEqual(await restartServer(cluster, "ada"), { user: "ada", why: "All seats are taken" });
});

test("without a hub no server is moved", async (t) => {
  const docker = { listContainers: async () => [] } as unknown as Partial<Docker>;
  const cluster = fakeCluster(fakeHost("manager", { docker }));
  const stopped = stopActiveServer(cluster, { home: "ada", user: "ada", idle: true });
  t.regex((await userError(stopped)).message, /^manager: the hub does not run/);
  // The machine has left by then, and the other servers still have to restart.
  t.regex((await restartServer(cluster, "ada")).why ?? "", /^the hub does not run/);
});
