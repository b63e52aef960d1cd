import test from "ava";
import { type Piece, onlyOn, warnOfProblems } from "../../src/reconcile/piece.js";
import { removeAll } from "../../src/reconcile/reconcile.js";
import { fakeCluster, fakeHost, fakeReport } from "../support/fakes.js";
import { newToyState, toy } from "../support/toy-piece.js";

test("each piece is removed only from the leaving machines, the last piece first", async (t) => {
  const world = newToyState();
  const [manager, one, two] = [fakeHost("manager"), fakeHost("one"), fakeHost("two")];
  const cluster = fakeCluster(manager, [one, two]);
  for (const host of ["manager", "one", "two"])
    for (const thing of ["engine.docker", "swarm.node"]) world.things.add(`${host}:${thing}`);
  const swarm = toy(world, "swarm", ["node"]);
  // As the manager leaves after its workers.
  const waiting: Piece<Set<string>> = {
    ...swarm,
    remove: (have, all) => {
      const [first, ...rest] = swarm.remove(have, all);
      return first === undefined
        ? []
        : [first, ...rest.map((step) => ({ ...step, after: [first] }))];
    },
  };
  const pieces = [toy(world, "engine", ["docker"]), waiting] as readonly Piece[];
  const done = await removeAll(onlyOn([two], pieces), cluster, {
    report: fakeReport(),
    confirm: async () => true,
    command: "swarmhub leave two",
  });
  t.is(done.changed, 2);
  t.deepEqual(world.log, ["drop two:swarm.node", "drop two:engine.docker"]);
  t.deepEqual(onlyOn([two], pieces)[0]?.plan(cluster.config, new Set(), cluster), []);
});

test("problems that no step can repair are warnings, piece by piece", async (t) => {
  const piece = (name: string, problems?: Piece["problems"]): Piece => ({
    name,
    inspect: async () => name,
    plan: () => [],
    remove: () => [],
    ...(problems && { problems }),
  });
  const report = fakeReport();
  const all = [
    piece("engine"),
    piece("seats", (have, { manager }) => [`${manager.name}: ${String(have)} are kept`]),
  ];
  await warnOfProblems(all, fakeCluster(fakeHost("manager")), report);
  t.deepEqual(report.events, [{ type: "warning", text: "manager: seats are kept" }]);
});
