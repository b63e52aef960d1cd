import test from "ava";
import { UnreachableError } from "../../src/errors.js";
import type { Host } from "../../src/host/host.js";
import type { Piece, Step } from "../../src/reconcile/piece.js";
import { planAll } from "../../src/reconcile/plan.js";
import { type ReconcileOptions, reconcile, removeAll } from "../../src/reconcile/reconcile.js";
import { fakeCluster, fakeHost, fakeReport, userError } from "../support/fakes.js";
import { newToyState, once, toy } from "../support/toy-piece.js";

const threeHosts = () => {
  const [a, b, c] = [fakeHost("a"), fakeHost("b"), fakeHost("c")];
  return { a, b, c, cluster: fakeCluster(a, [b, c]) };
};

const options = (changes: Partial<Omit<ReconcileOptions, "report">> = {}) => ({
  report: fakeReport(),
  confirm: async (): Promise<boolean> => {
    throw new Error("nothing here destroys, so nobody is asked");
  },
  ...changes,
});

test("every piece converges, in order", async (t) => {
  const world = newToyState();
  const { a, cluster } = threeHosts();
  const pieces = [toy(world, "engine", ["docker"], [a]), toy(world, "swarm", ["init"], [a])];
  const { changed, timings } = await reconcile(pieces, cluster, options());
  t.deepEqual(world.log, ["make a:engine.docker", "make a:swarm.init"]);
  t.is(changed, 2);
  t.like(timings, {
    0: { piece: "engine", host: "a", title: "make docker" },
    1: { piece: "swarm", host: "a", title: "make init" },
    length: 2,
  });
});

test("a second run has nothing to do, and says so", async (t) => {
  const world = newToyState();
  const { cluster } = threeHosts();
  const pieces = [toy(world, "engine", ["docker"]), toy(world, "swarm", ["node"])];
  await reconcile(pieces, cluster, options());
  const before = world.log.length;
  const second = options();
  t.is((await reconcile(pieces, cluster, second)).changed, 0);
  t.is(world.log.length, before);
  t.true(second.report.events.some((e) => e.type === "note" && e.text.startsWith("Nothing to do")));
});

test("a dry run plans what the run would do, and does nothing", async (t) => {
  const world = newToyState();
  const { a, cluster } = threeHosts();
  const planned = await planAll([toy(world, "engine", ["docker", "mirror"], [a])], cluster);
  t.deepEqual(
    planned.map(({ piece, steps }) => [piece.name, ...steps.map(({ title }) => title)]),
    [["engine", "make docker", "make mirror"]],
  );
  t.deepEqual(world.log, []);
});

for (const moment of ["before", "after"] as const) {
  test(`a run that dies ${moment} the effect of any step is completed by the next run`, async (t) => {
    const all = 2 * 3 * 3;
    for (let position = 1; position <= all; position += 1) {
      const world = newToyState();
      const { cluster } = threeHosts();
      const pieces = ["engine", "swarm", "hub"].map((name) => toy(world, name, ["x", "y"]));
      let changes = 0;
      world.onChange = (change) => {
        changes += 1;
        if (changes !== position) return;
        if (moment === "before") world.things.delete(change.replace("make ", ""));
        throw new Error("the plug was pulled");
      };
      const error = await userError(reconcile(pieces, cluster, options()));
      t.regex(error.message, /the plug was pulled/);
      await reconcile(pieces, cluster, options());
      t.is(world.things.size, all, `died at step ${position}`);
      t.is(world.log.length, moment === "before" ? all + 1 : all, `died at step ${position}`);
    }
  });
}

test("down removes the pieces, the last first", async (t) => {
  const world = newToyState();
  const { a, cluster } = threeHosts();
  const pieces = [toy(world, "engine", ["docker"], [a]), toy(world, "hub", ["service"], [a])];
  await reconcile(pieces, cluster, options());
  world.log.length = 0;
  await removeAll(pieces, cluster, options());
  t.deepEqual(world.log, ["drop a:hub.service", "drop a:engine.docker"]);
  t.is((await removeAll(pieces, cluster, options())).changed, 0);
});

test("a piece is planned again when an earlier one changed something", async (t) => {
  const { a, cluster } = threeHosts();
  const seen: boolean[] = [];
  const swarm = { up: false, joined: false };
  const first = once("engine", [
    { host: a, title: "start", run: async () => void (swarm.up = true) },
  ]);
  const second: Piece<{ up: boolean; joined: boolean }> = {
    name: "swarm",
    inspect: async () => ({ ...swarm }),
    plan: (_want, have) => {
      seen.push(have.up);
      if (have.joined) return [];
      const title = have.up ? "join" : "install and join";
      return [{ host: a, title, run: async () => void (swarm.joined = true) }];
    },
    remove: () => [],
  };
  const { timings } = await reconcile([first, second], cluster, options());
  t.deepEqual(seen, [false, true, true]);
  t.deepEqual(
    timings.map(({ title }) => title),
    ["start", "join"],
  );
});

test("the remembered facts of a host are dropped after each step there, also after a failed one", async (t) => {
  const { a, b, c, cluster } = threeHosts();
  const piece = once("engine", [
    { host: a, title: "fine", run: async () => {} },
    { host: b, title: "bad", run: async () => Promise.reject(new Error("no")) },
  ]);
  await userError(reconcile([piece], cluster, options()));
  t.deepEqual(
    [a, b, c].map((host) => host.forgotten),
    [1, 1, 0],
  );
});

test("after Ctrl-C the running steps finish, no new one starts, and the next run continues", async (t) => {
  const { a, b, cluster } = threeHosts();
  const world = newToyState();
  const stop = new AbortController();
  const piece = toy(world, "engine", ["x", "y"], [a, b]);
  world.onChange = () => stop.abort();
  const error = await userError(reconcile([piece], cluster, options({ signal: stop.signal })));
  t.is(error.code, 130);
  t.is(
    error.message,
    "interrupted in engine after 2 of its 4 steps; pending steps:\n  a: make y\n  b: make y",
  );
  world.onChange = () => {};
  t.is((await reconcile([piece], cluster, options())).changed, 2);
});

test("after Ctrl-C between two pieces the second does not start", async (t) => {
  const { a, cluster } = threeHosts();
  const world = newToyState();
  const stop = new AbortController();
  world.onChange = () => stop.abort();
  const pieces = [toy(world, "engine", ["x"], [a]), toy(world, "hub", ["x"], [a])];
  const error = await userError(reconcile(pieces, cluster, options({ signal: stop.signal })));
  t.is(error.code, 130);
  t.regex(error.message, /^interrupted before hub; pending steps:\n {2}a: make x$/);
  t.deepEqual(world.log, ["make a:engine.x"]);
});

const destructive = (host: Host, title: string, log: string[]): Step => ({
  host,
  title,
  destroys: "all that is on /dev/vdb",
  run: async () => void log.push(title),
});

test("destructive steps are confirmed once, before anything runs", async (t) => {
  const { a, b, cluster } = threeHosts();
  const log: string[] = [];
  const asked: string[][] = [];
  const confirm = async (steps: readonly Step[]): Promise<boolean> => {
    asked.push(steps.map(({ host, title }) => `${host.name} ${title}`));
    log.push("asked");
    return true;
  };
  await reconcile(
    [
      once("engine", [{ host: a, title: "install", run: async () => void log.push("install") }]),
      once("storage", [destructive(a, "format", log), destructive(b, "format", log)]),
    ],
    cluster,
    options({ confirm }),
  );
  t.deepEqual(asked, [["a format", "b format"]]);
  t.deepEqual(log, ["asked", "install", "format", "format"]);
});

test("a later plan with a new destructive step asks again", async (t) => {
  const { a, cluster } = threeHosts();
  const log: string[] = [];
  let disk = "unseen";
  const storage: Piece<string> = {
    name: "storage",
    inspect: async () => disk,
    plan: (_want, have) => {
      if (have === "unseen" || have === "done") return [];
      return [{ ...destructive(a, "format", log), run: async () => void (disk = "done") }];
    },
    remove: () => [],
  };
  const engine = once("engine", [
    { host: a, title: "load", run: async () => void (disk = "seen") },
  ]);
  let asked = 0;
  const confirm = async (): Promise<boolean> => {
    asked += 1;
    return false;
  };
  const error = await userError(reconcile([engine, storage], cluster, options({ confirm })));
  t.is(asked, 1);
  t.is(disk, "seen");
  t.regex(error.message, /nothing was destroyed/);
});

test("a no to a destructive step stops the run before anything ran", async (t) => {
  const { a, cluster } = threeHosts();
  const log: string[] = [];
  const pieces = [
    once("engine", [{ host: a, title: "install", run: async () => void log.push("install") }]),
    once("storage", [destructive(a, "format", log)]),
  ];
  await userError(reconcile(pieces, cluster, options({ confirm: async () => false })));
  t.deepEqual(log, []);
});

test("the events cover the run from the inspection to the end", async (t) => {
  const { a, cluster } = threeHosts();
  const opts = options();
  const step: Step = {
    host: a,
    title: "install",
    detail: "docker.io",
    run: async (progress) => progress("unpacking"),
  };
  await reconcile([once("engine", [step])], cluster, { ...opts, now: () => 0 });
  const where = { piece: "engine", host: "a", title: "install" };
  t.deepEqual(opts.report.events, [
    { type: "survey", hosts: 3 },
    { type: "plan", pieces: [{ piece: "engine", steps: 1 }] },
    { type: "piece", piece: "engine", steps: 1 },
    { type: "step-started", ...where, detail: "docker.io" },
    { type: "step-progress", ...where, text: "unpacking" },
    { type: "step-done", ...where, ms: 0 },
    { type: "piece-done", changed: 1, piece: "engine", ms: 0 },
  ]);
});

test("machines that cannot be inspected stop the run before anything ran, each named once", async (t) => {
  const world = newToyState();
  const { cluster } = threeHosts();
  const lost = (name: string, host: string): Piece => ({
    name,
    inspect: async () => Promise.reject(new UnreachableError(host, "lost")),
    plan: () => [],
    remove: () => [],
  });
  const pieces = [
    toy(world, "engine", ["x"]),
    lost("swarm", "b"),
    lost("hub", "b"),
    lost("edge", "c"),
  ];
  const error = await userError(reconcile(pieces, cluster, options()));
  t.is(error.message, "b: lost\nc: lost");
  t.is(error.code, 5);
  t.deepEqual(world.log, []);
});

/** A lock that notes when it is held, and may be held by another already. */
const locked = (log: string[], isHeld = false) => ({
  isHeld: async () => isHeld,
  hold: async <Result>(work: (lost: AbortSignal) => Promise<Result>): Promise<Result> => {
    log.push("lock");
    try {
      return await work(new AbortController().signal);
    } finally {
      log.push("unlock");
    }
  },
});

test("a run with changes plans again under the lock, after the preflight; a run without changes takes no lock", async (t) => {
  const world = newToyState();
  const { a, cluster } = threeHosts();
  const pieces = [toy(world, "engine", ["docker"], [a])];
  const exclusion = locked(world.log);
  const preflight = async () => void world.log.push(`preflight ${a.forgotten}`);
  await reconcile(pieces, cluster, options({ lock: exclusion, preflight }));
  t.deepEqual(world.log, ["lock", "preflight 1", "make a:engine.docker", "unlock"]);

  world.log.length = 0;
  const second = options({ lock: exclusion, preflight });
  t.is((await reconcile(pieces, cluster, second)).changed, 0);
  t.deepEqual(world.log, []);
  t.deepEqual(
    second.report.events.map(({ type }) => type),
    ["survey", "plan", "note", "piece-done"],
  );
});

test("while another operator holds the lock even a run with nothing to do waits for it", async (t) => {
  const world = newToyState();
  const { cluster } = threeHosts();
  await reconcile([], cluster, options({ lock: locked(world.log, true) }));
  t.deepEqual(world.log, ["lock", "unlock"]);
});

test("a refusal of a piece is raised under the lock, where the preflight comes first", async (t) => {
  const world = newToyState();
  const { cluster } = threeHosts();
  const refusing = once("engine", []);
  refusing.plan = () => {
    throw new UnreachableError("b", "refused");
  };
  const exclusion = locked(world.log);
  const preflight = async () => {
    throw new UnreachableError("a", "stands in the way");
  };
  const run = reconcile([refusing], cluster, options({ lock: exclusion, preflight }));
  t.is((await userError(run)).message, "a: stands in the way");
  t.deepEqual(world.log, ["lock", "unlock"]);
});

test("a run that lost its lock stops as after Ctrl-C", async (t) => {
  const world = newToyState();
  const { a, cluster } = threeHosts();
  const gone = new AbortController();
  world.onChange = () => gone.abort();
  const exclusion = {
    ...locked([]),
    hold: <R>(work: (lost: AbortSignal) => Promise<R>) => work(gone.signal),
  };
  const run = reconcile(
    [toy(world, "engine", ["x", "y"], [a])],
    cluster,
    options({ lock: exclusion }),
  );
  t.is((await userError(run)).code, 130);
  t.deepEqual(world.log, ["make a:engine.x"]);
});
