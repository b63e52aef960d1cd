import test from "ava";
import {
  refuseNeeded,
  activeServersOn,
  startAgain,
  stopActiveServers,
} from "../../../src/commands/leave/servers.js";
import type { Docker } from "../../../src/docker/client.js";
import { exitCode } from "../../../src/errors.js";
import { refusal } from "../../support/class-of.js";
import { fakeCluster, fakeConfig, fakeHost, keptStorage, userError } from "../../support/fakes.js";
import { sittingWorld } from "./support/class-with-servers.js";

test("the manager and the machine with the homes are refused with the reason", (t) => {
  const config = fakeConfig({ storage: keptStorage({ host: { destination: "debian@store" } }) });
  const said = (destination: string) => refusal(t, () => refuseNeeded(config, [{ destination }]));
  t.regex(said("root@manager").message, /^root@manager: the manager cannot leave/);
  t.regex(said("store").message, /^store: the homes are there/);
  t.is(said("store").code, exitCode.usage);
  t.notThrows(() => refuseNeeded(config, [{ destination: "worker" }]));
});

test("who is at work is told from who is idle by the hub; what it does not know may go", async (t) => {
  const { cluster } = sittingWorld();
  t.deepEqual(await activeServersOn(cluster, cluster.workers), [
    { home: "ada", user: "ada", idle: true },
    { home: "bob", user: "bob", idle: false },
    { home: "ghost", user: undefined, idle: true },
    { home: "carl", user: "carl", idle: false },
  ]);
  t.deepEqual(await activeServersOn(cluster, [cluster.manager]), []);
});

test("a server is stopped by the hub, one that it does not know by Docker alone", async (t) => {
  const { cluster, done } = sittingWorld();
  await stopActiveServers(cluster, { home: "ada", user: "ada", idle: true });
  t.true(cluster.manager.asked.some((each) => each.includes("operator_api stop")));
  cluster.manager.asked.length = 0;
  await stopActiveServers(cluster, { home: "ghost", user: undefined, idle: true });
  t.deepEqual(cluster.manager.asked, []);
  t.deepEqual(done, ["remove nb-ghost"]);
});

test("what keeps a server from starting again is told in the hub's words", async (t) => {
  const { cluster } = sittingWorld();
  t.deepEqual(await startAgain(cluster, "ada"), { user: "ada", why: "All seats are taken" });
});

test("without a hub nobody is moved", async (t) => {
  const docker = { listContainers: async () => [] } as unknown as Partial<Docker>;
  const cluster = fakeCluster(fakeHost("manager", { docker }));
  const error = await userError(startAgain(cluster, "ada"));
  t.regex(error.message, /^manager: the hub does not run/);
});
