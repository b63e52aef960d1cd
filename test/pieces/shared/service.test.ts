import test from "ava";
import { removeServiceSteps, serviceSteps } from "../../../src/pieces/shared/service.js";
import { createInSwarm, retryUpdate } from "../../../src/swarm/retry.js";
import { type WantedService, serviceSpec } from "../../../src/swarm/service-spec.js";
import { waitUntilRunning } from "../../../src/swarm/tasks.js";
import { classOf, runAll } from "../../support/class-of.js";
import { userError } from "../../support/fakes.js";

const wanted: WantedService = {
  part: "proxy",
  className: "geo-101",
  image: "swarmhub/proxy:1",
  mounts: [],
  filesHash: "new",
};
const task = (
  id: string,
  state: string,
  { filesHash = "new", desired = "running", err = "" } = {},
) => ({
  ID: id,
  CreatedAt: `2026-11-21T00:00:0${id}Z`,
  DesiredState: desired,
  Spec: serviceSpec({ ...wanted, filesHash }, "sha256:1").TaskTemplate,
  Status: { State: state, Err: err, ContainerStatus: { ContainerID: `c${id}` } },
});
type Tasks = ReturnType<typeof task>[];

/** A manager that lists these tasks, one entry per call; the last entry repeats. */
const managerWith = (lists: Tasks[], answers: [string, string][] = []) => {
  let call = 0;
  const listTasks = async () => lists[Math.min(call++, lists.length - 1)];
  return classOf(0, { answers, docker: { listTasks } as never }).manager;
};

test("the wait ends when a task runs", async (t) => {
  const manager = managerWith([[], [], [task("1", "preparing")], [task("1", "running")]]);
  await t.notThrowsAsync(waitUntilRunning(manager, wanted, "sha256:1"));
});

test("tasks with another image or other files do not count", async (t) => {
  const old = task("1", "running", { filesHash: "old" });
  const manager = managerWith([[old], [old], [old, task("2", "running")]]);
  await waitUntilRunning(manager, wanted, "sha256:1");
  const other = managerWith([[task("1", "running")]]);
  const error = await userError(waitUntilRunning(other, wanted, "sha256:2", { patience: 1 }));
  t.is(
    error.message,
    "manager: the service proxy does not run (no task yet after 0.001 s without progress)",
  );
});

test("tasks from before the change and tasks that are being stopped do not count", async (t) => {
  const old = task("1", "running");
  const stopping = task("2", "running", { desired: "shutdown" });
  const manager = managerWith([[old], [old, stopping]]);
  const error = await userError(
    waitUntilRunning(manager, wanted, "sha256:1", { earlier: new Set(["1"]), patience: 1 }),
  );
  t.regex(error.message, /no task yet/);
});

test("three failures end the wait with the reason, and older failures do not count", async (t) => {
  const err = "invalid mount config";
  const older = ["1", "2", "3"].map((id) => task(id, "rejected", { err }));
  const newer = ["4", "5", "6"].map((id) => task(id, "rejected", { err }));
  const error = await userError(
    waitUntilRunning(managerWith([older, older, [...older, ...newer]]), wanted, "sha256:1"),
  );
  t.is(error.message, "manager: the service proxy does not run (invalid mount config)");
  t.is(error.hint, "to see its log, type `swarmhub logs proxy`");
});

test("a running task that is not ready yet is waited for", async (t) => {
  const manager = managerWith([[task("1", "running")]], [["docker exec c1 true", ""]]);
  await waitUntilRunning(manager, { ...wanted, ready: ["true"] }, "sha256:1");
  t.deepEqual(manager.asked, ["run docker exec c1 true"]);
});

/** A manager whose service runs and is ready after some milliseconds; `log` is the end of its log at each look. */
const slowManager = (ms: number, log: () => string) => {
  const begun = performance.now();
  const getContainer = () => ({ logs: async () => Buffer.from(log()) });
  const listTasks = async () => [task("1", "running")];
  const { manager } = classOf(0, { docker: { listTasks, getContainer } as never });
  const run = async () => {
    if (performance.now() - begun < ms) throw new Error("not ready");
    return "";
  };
  return { ...manager, run };
};

test("a service whose log goes on is waited for beyond its patience", async (t) => {
  let lines = 0;
  // Between two looks a busy machine may pause for long, but not for as long as the patience.
  const manager = slowManager(3500, () => `line ${(lines += 1)}`);
  const slow = { ...wanted, ready: ["true"] };
  await t.notThrowsAsync(waitUntilRunning(manager, slow, "sha256:1", { patience: 3000 }));
});

test("a service that runs and makes no progress is called not ready", async (t) => {
  // Three times as long, which ends each wait, is more than a busy machine takes for a look.
  const slow = { ...wanted, ready: ["true"] };
  const waiting = waitUntilRunning(
    slowManager(60_000, () => "the last"),
    slow,
    "sha256:1",
    { patience: 1500 },
  );
  const error = await userError(waiting);
  t.is(
    error.message,
    "manager: the service proxy runs, but is not ready after 1.5 s without progress",
  );
});

test("an update waits for the task that replaces the old one", async (t) => {
  const tasks = [task("1", "running", { filesHash: "new" })];
  const updates: unknown[] = [];
  const docker = {
    getImage: () => ({ inspect: async () => ({ Id: "sha256:1" }) }),
    getNetwork: () => ({ inspect: async () => ({ Id: "network-id" }) }),
    getService: () => ({
      inspect: async () => ({ Version: { Index: 7 } }),
      update: async (spec: unknown) => {
        updates.push(spec);
        setTimeout(() => tasks.unshift(task("2", "running")), 20);
      },
    }),
    listTasks: async () => [...tasks],
  };
  const cluster = classOf(0, { docker: docker as never });
  const present = serviceSpec({ ...wanted, ports: [80] }, "sha256:1");
  const have = { present, running: true, imageId: "sha256:1" };
  const [step] = serviceSteps(wanted, have, cluster);
  t.is(step?.detail, "EndpointSpec.Ports");
  await step?.run(() => {});
  t.like(updates[0], { version: 7, Name: "geo-101-proxy" });
  t.is(tasks.length, 2, "the old task did not count as the new one");
});

test("an object that changed in between is read and updated again", async (t) => {
  let tries = 0;
  await retryUpdate(async () => {
    tries += 1;
    if (tries < 3) throw new Error("rpc error: code = Unknown desc = update out of sequence");
  });
  t.is(tries, 3);
  await t.throwsAsync(
    retryUpdate(async () => {
      throw new Error("no such node");
    }),
    { message: "no such node" },
  );
});

const busy = () =>
  Object.assign(
    new Error(
      "(HTTP code 500) server error - rpc error: code = DeadlineExceeded desc = context deadline exceeded",
    ),
    { statusCode: 500 },
  );
const conflict = () => Object.assign(new Error("name conflicts"), { statusCode: 409 });

test("what a busy Swarm may have created without an answer is created once", async (t) => {
  const ends = [busy(), busy(), conflict()];
  let tries = 0;
  const create = async () => {
    tries += 1;
    const end = ends.shift();
    if (end !== undefined) throw end;
  };
  await createInSwarm(create);
  t.is(tries, 3);
  await createInSwarm(create);
  t.is(tries, 4);
  await retryUpdate(async () => {
    tries += 1;
    if (tries < 6) throw busy();
  });
  t.is(tries, 6);
  ends.push(conflict());
  await t.throwsAsync(createInSwarm(create), { message: "name conflicts" });
});

test("a service that disappeared meanwhile counts as stopped", async (t) => {
  const gone = async () => {
    throw Object.assign(new Error("service proxy not found"), { statusCode: 404 });
  };
  const docker = { getService: () => ({ remove: gone }), listContainers: async () => [] };
  const cluster = classOf(0, { docker: docker as never });
  const have = { present: {} as never, running: true, imageId: undefined };
  await t.notThrowsAsync(runAll(removeServiceSteps("proxy", have, cluster)));
});
