import test from "ava";
import { retryWithout } from "../../../src/commands/join/retry-without.js";
import { UnreachableError, UserError, exitCode } from "../../../src/errors.js";
import type { Host } from "../../../src/host/host.js";
import { reconcile } from "../../../src/reconcile/reconcile.js";
import { fakeCluster, fakeHost, fakeReport, userError } from "../../support/fakes.js";
import { newToyState, toy } from "../../support/toy-piece.js";

const [manager, one, two] = ["manager", "one", "two"].map((name) => fakeHost(name));
const confirm = async () => true;

/** Two machines join a class; `onChange` may throw at each change. */
const run = async (onChange: (change: string) => void) => {
  const world = newToyState();
  world.onChange = onChange;
  const leftOut: string[] = [];
  const clusterWith = (more: readonly Host[]) => fakeCluster<Host>(manager!, more);
  const result = await retryWithout(
    [one!, two!],
    clusterWith,
    (cluster, report) =>
      reconcile([toy(world, "engine", ["docker"]), toy(world, "seats", ["label"])], cluster, {
        report,
        confirm,
      }),
    fakeReport(),
    async (hosts) => void leftOut.push(...hosts.map(({ name }) => name)),
  );
  return { world, leftOut, result };
};

test("without failures there is one run", async (t) => {
  const { result, leftOut } = await run(() => {});
  t.deepEqual(result.joined, [one!, two!]);
  t.is(result.done.changed, 6);
  t.deepEqual(leftOut, []);
});

test("a machine that fails stays leftOut without a seat, and the other joins", async (t) => {
  const { result, leftOut, world } = await run((change) => {
    if (change === "make one:engine.docker")
      throw new UserError("apt is broken", { host: "one", hint: "repair it" });
  });
  t.deepEqual(result.joined, [two!]);
  t.deepEqual(leftOut, ["one"]);
  t.regex(String(result.failed.get("one")), /apt is broken/);
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

test("a machine that is lost during an inspection stays leftOut; an interruption ends the run", async (t) => {
  const cluster = (more: readonly Host[]) => fakeCluster<Host>(manager!, more);
  const retrying = (error: UserError) => {
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
  t.deepEqual((await retrying(new UnreachableError("two", "gone"))).joined, [one!]);
  await t.throwsAsync(
    retrying(new UserError("stopped", { host: "two", hint: "", code: exitCode.interrupted })),
  );
  await t.throwsAsync(retrying(new UnreachableError("manager", "gone")));
});
