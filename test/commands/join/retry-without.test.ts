import test from "ava";
import { retryWithout } from "../../../src/commands/join/retry-without.js";
import { UnreachableError, UserError, exitCode } from "../../../src/errors.js";
import type { Host } from "../../../src/host/host.js";
import { reconcile } from "../../../src/reconcile/reconcile.js";
import { fakeCluster, fakeHost, fakeReport, userError } from "../../support/fakes.js";
import { newWorld, toy } from "../../support/toy-piece.js";

const [manager, one, two] = ["manager", "one", "two"].map((name) => fakeHost(name));
const confirm = async () => true;

/** Two machines join a class of one piece; what happens at each change of it may fail. */
const run = async (onChange: (change: string) => void) => {
  const world = newWorld();
  world.onChange = onChange;
  const out: string[] = [];
  const clusterWith = (more: readonly Host[]) => fakeCluster<Host>(manager!, more);
  const settled = await retryWithout(
    [one!, two!],
    clusterWith,
    (cluster, report) =>
      reconcile([toy(world, "engine", ["docker"]), toy(world, "seats", ["label"])], cluster, {
        report,
        confirm,
      }),
    fakeReport(),
    async (hosts) => void out.push(...hosts.map(({ name }) => name)),
  );
  return { world, out, settled };
};

test("all that goes well is one run", async (t) => {
  const { settled, out } = await run(() => {});
  t.deepEqual(settled.joined, [one!, two!]);
  t.is(settled.done.changed, 6);
  t.deepEqual(out, []);
});

test("one that fails does not stop the other: it stays out, and has no seat", async (t) => {
  const { settled, out, world } = await run((change) => {
    if (change === "make one:engine.docker")
      throw new UserError("apt is broken", { host: "one", hint: "mend it" });
  });
  t.deepEqual(settled.joined, [two!]);
  t.deepEqual(out, ["one"]);
  t.regex(String(settled.failed.get("one")), /apt is broken/);
  t.true(world.things.has("two:seats.label"));
  t.false(world.things.has("one:seats.label"));
});

test("a failure of the class itself is thrown", async (t) => {
  const error = await userError(
    run((change) => {
      if (/^make (manager|one):engine/.test(change)) throw new UserError("it is broken");
    }),
  );
  t.regex(error.message, /engine failed on 2 of 3 machines/);
});

test("a lost machine's error out of a look leaves that machine out; an interruption ends all", async (t) => {
  const cluster = (more: readonly Host[]) => fakeCluster<Host>(manager!, more);
  const settling = (error: UserError) => {
    let tries = 0;
    return retryWithout(
      [one!, two!],
      cluster,
      async () => {
        tries += 1;
        if (tries === 1) throw error;
        return { changed: 1, ms: 1, timings: [] };
      },
      fakeReport(),
      async () => {},
    );
  };
  t.deepEqual((await settling(new UnreachableError("two", "gone"))).joined, [one!]);
  await t.throwsAsync(
    settling(new UserError("stopped", { host: "two", hint: "", code: exitCode.interrupted })),
  );
  await t.throwsAsync(settling(new UnreachableError("manager", "gone")));
});
