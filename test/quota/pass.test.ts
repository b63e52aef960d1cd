import test from "ava";
import { parentName } from "../../contracts/xfs.js";
import { decide, parentLimit } from "../../quota/decide.js";
import { runPass as runPassWith } from "../../quota/pass.js";
import type { Storage } from "../../quota/storage.js";
import {
  type Simulation,
  account,
  addFolder,
  createSimulation,
  limit,
  storageOf,
} from "./support/simulation.js";

const limitFor = () => limit;
const runPass = (storage: Storage) => runPassWith(storage, () => ({ limitFor, failures: [] }));

const isAllCorrect = async (simulation: Simulation): Promise<boolean> => {
  const ids = [...simulation.folders.values()].map(({ projectId }) => projectId);
  return (
    decide(await storageOf(simulation).inspect(), limitFor).length === 0 &&
    new Set(ids).size === ids.length &&
    ids.every((id) => id !== 0 && id !== simulation.parentId) &&
    ids.every((id) => simulation.accounts.get(id)?.hardKiB === limit.hardKiB) &&
    ids.every((id) => simulation.accounts.get(id)?.hardFiles === limit.hardFiles) &&
    simulation.parentId !== 0 &&
    simulation.accounts.get(simulation.parentId)?.hardFiles === parentLimit.hardFiles &&
    [...simulation.folders.values()].every(({ strays, inherits }) => strays === 0 && inherits) &&
    simulation.markers.size === 0
  );
};

test("a new home is limited in one pass and loses its pending marker; the next pass has nothing to do", async (t) => {
  const simulation = createSimulation();
  simulation.markers.add("ada");
  addFolder(simulation, "ada");
  const report = await runPass(storageOf(simulation));
  t.deepEqual(report.repaired, ["ada"]);
  t.deepEqual(report.failures, []);
  t.true(await isAllCorrect(simulation));
  t.deepEqual((await runPass(storageOf(simulation))).repaired, []);
});

test("a home that the hub makes while a pass begins gets the limit of the note that the hub wrote before", async (t) => {
  const simulation = createSimulation();
  const storage = storageOf(simulation);
  let noted = limit;
  const inspect: Storage["inspect"] = async (recheck) => {
    if (recheck === undefined) {
      noted = { ...limit, hardKiB: 7 * 1024 };
      simulation.markers.add("ada");
      addFolder(simulation, "ada");
    }
    return storage.inspect(recheck);
  };
  await runPassWith({ ...storage, inspect }, () => {
    const { hardKiB } = noted;
    return { limitFor: () => ({ ...limit, hardKiB }), failures: [] };
  });
  const { projectId = 0 } = simulation.folders.get("ada") ?? {};
  t.is(simulation.accounts.get(projectId)?.hardKiB, 7 * 1024);
  t.false(simulation.markers.has("ada"));
});

test("a pass over correct homes inspects once", async (t) => {
  const simulation = createSimulation();
  addFolder(simulation, "ada", { projectId: 2, inherits: true });
  simulation.accounts.set(2, account({ ...limit, usedKiB: 95 }));
  const report = await runPass(storageOf(simulation));
  t.is(simulation.inspections, 1);
  t.is(report.homes, 1);
  t.deepEqual(report.over90, ["ada"]);
});

test("the pending marker of a home that does not exist yet stays", async (t) => {
  const simulation = createSimulation();
  simulation.markers.add("ada");
  await runPass(storageOf(simulation));
  t.true(simulation.markers.has("ada"));
});

test("a home that was deleted and created again gets another id, because blocks may still be on the old account", async (t) => {
  const simulation = createSimulation();
  addFolder(simulation, "ada");
  await runPass(storageOf(simulation));
  simulation.accounts.set(2, account({ ...limit, usedKiB: 40 }));
  simulation.folders.delete("ada");
  addFolder(simulation, "ada");
  await runPass(storageOf(simulation));
  t.is(simulation.folders.get("ada")?.projectId, 3);
});

test("when a folder refuses its id the marker stays, the reason is a failure, no limit stays behind, and others do not wait", async (t) => {
  const simulation = createSimulation();
  for (const name of ["ada", "bob"]) {
    simulation.markers.add(name);
    addFolder(simulation, name);
  }
  const failing = storageOf(simulation, (real) => ({
    assign: async (assignments) => {
      await real.assign(assignments.filter(({ home }) => home !== "ada"));
      return new Map([["ada", "Operation not permitted"]]);
    },
  }));
  const report = await runPass(failing);
  t.deepEqual(report.failures, [{ home: "ada", reason: "Operation not permitted" }]);
  t.deepEqual(report.repaired, ["bob"]);
  t.deepEqual([...simulation.markers], ["ada"]);
  t.deepEqual([...simulation.accounts.keys()], [1, 3]);
  await runPass(storageOf(simulation));
  t.true(await isAllCorrect(simulation));
});

test("a home whose limit is refused keeps its parent's id, and others get theirs", async (t) => {
  const simulation = createSimulation();
  addFolder(simulation, "ada");
  addFolder(simulation, "bob");
  const storage = storageOf(simulation, (real) => ({
    limit: async (limits) => {
      await real.limit(limits.filter(({ home }) => home === "bob"));
      return new Map([["ada", "no space for an account"]]);
    },
  }));
  const report = await runPass(storage);
  t.deepEqual(report.failures, [{ home: "ada", reason: "no space for an account" }]);
  t.deepEqual(report.repaired, ["bob"]);
  t.is(simulation.folders.get("ada")?.projectId, simulation.parentId);
});

test("an id has its limit before a folder takes it, and keeps it where some files in the folder refused it", async (t) => {
  const simulation = createSimulation();
  addFolder(simulation, "ada");
  addFolder(simulation, "bob", { files: 2, strays: 2 });
  const limitsAtFirst: (number | undefined)[] = [];
  const storage = storageOf(simulation, (real) => ({
    assign: async (assignments) => {
      for (const { projectId } of assignments)
        limitsAtFirst.push(simulation.accounts.get(projectId)?.hardKiB);
      await real.assign(assignments);
      return new Map([["bob", "2 files in it refused"]]);
    },
  }));
  await runPass(storage);
  t.deepEqual(limitsAtFirst, [limit.hardKiB, limit.hardKiB]);
  t.is(simulation.accounts.get(simulation.folders.get("bob")?.projectId ?? 0)?.hardKiB, 100);
});

test("a limit that is not in force although its command succeeded keeps the marker", async (t) => {
  const simulation = createSimulation();
  simulation.markers.add("ada");
  addFolder(simulation, "ada");
  const report = await runPass(storageOf(simulation, () => ({ limit: async () => new Map() })));
  t.regex(report.failures[0]?.reason ?? "", /still has project id 2 with a limit of 0 KiB/);
  t.true(simulation.markers.has("ada"));
});

test("a home that disappears during the pass is no failure", async (t) => {
  const simulation = createSimulation();
  addFolder(simulation, "ada");
  const storage = storageOf(simulation, () => ({
    assign: async () => {
      simulation.folders.delete("ada");
      return new Map([["ada", "No such file or directory"]]);
    },
  }));
  const report = await runPass(storage);
  t.deepEqual(report.failures, []);
  t.deepEqual(report.repaired, []);
});

test("homes that appear during a pass make the next one follow at once", async (t) => {
  const simulation = createSimulation();
  addFolder(simulation, "ada");
  const storage = storageOf(simulation, (real) => ({
    limit: async (limits) => {
      if (!simulation.folders.has("bob")) addFolder(simulation, "bob");
      return real.limit(limits);
    },
  }));
  const report = await runPass(storage);
  t.true(report.isBehind);
  t.deepEqual(report.failures, []);
  t.false((await runPass(storage)).isBehind);
  t.true(await isAllCorrect(simulation));
});

test("the parent folder gets an id of its own and its limit first", async (t) => {
  const simulation = createSimulation();
  simulation.parentId = 0;
  simulation.accounts.clear();
  addFolder(simulation, "ada", { projectId: 7, inherits: true });
  const report = await runPass(storageOf(simulation));
  t.deepEqual([simulation.parentId, report.repaired], [8, ["ada"]]);
  t.like(simulation.accounts.get(8), parentLimit);
  addFolder(simulation, "bob");
  t.is(simulation.folders.get("bob")?.projectId, 8);
  await runPass(storageOf(simulation));
  t.is(simulation.folders.get("bob")?.projectId, 9);
  t.true(await isAllCorrect(simulation));
});

test("a parent folder that refuses its id is a failure, and homes get theirs all the same", async (t) => {
  const simulation = createSimulation();
  simulation.parentId = 0;
  addFolder(simulation, "ada");
  const storage = storageOf(simulation, (real) => ({
    assign: async (assignments) => {
      await real.assign(assignments.filter(({ home }) => home !== parentName));
      return new Map([[parentName, "Operation not permitted"]]);
    },
  }));
  const report = await runPass(storage);
  t.deepEqual(report.failures, [{ home: "homes/", reason: "Operation not permitted" }]);
  t.deepEqual(report.repaired, ["ada"]);
});

test("files that use up the limit of the parent folder are a failure before no home can be created", async (t) => {
  const simulation = createSimulation();
  simulation.accounts.set(1, account({ ...parentLimit, usedKiB: 60_000 }));
  const [failure] = (await runPass(storageOf(simulation))).failures;
  t.is(failure?.home, "homes/");
  t.regex(failure?.reason ?? "", /soon no home can be created/);
});

test("limits of unused ids are removed, those of homes and of the trash stay", async (t) => {
  const simulation = createSimulation();
  addFolder(simulation, "ada", { projectId: 2, inherits: true });
  simulation.accounts.set(2, account(limit));
  simulation.accounts.set(3, account({ ...limit, usedFiles: 1 }));
  simulation.accounts.set(4, account(limit));
  await runPass(storageOf(simulation));
  t.deepEqual([...simulation.accounts.keys()], [1, 2, 3]);
});

test("a marker that cannot be removed is a failure", async (t) => {
  const simulation = createSimulation();
  addFolder(simulation, "ada");
  const storage = storageOf(simulation, () => ({
    removeMarker: async () => {
      throw new Error("EROFS");
    },
  }));
  t.deepEqual((await runPass(storage)).failures, [{ home: "ada", reason: "EROFS" }]);
});

test("after a kill at any step the next pass corrects everything, whatever the state was", async (t) => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomFrom(seed);
    const simulation = randomSimulation(random);
    let stepsLeft = Math.floor(random() * 8);
    const step = () => {
      if (stepsLeft-- <= 0) throw new Error("killed");
    };
    const killable = storageOf(simulation, (real) => ({
      assign: async (assignments) => {
        for (const { home, projectId } of assignments.filter((one) => one.home !== parentName)) {
          step();
          simulation.markers.add(home);
          step();
          const folder = simulation.folders.get(home);
          if (folder) Object.assign(folder, { projectId, inherits: true }); // the tree does not have it yet
        }
        step();
        return real.assign(assignments);
      },
      limit: async (limits) => {
        const half = limits.slice(0, Math.ceil(random() * limits.length));
        await real.limit(half);
        step();
        return real.limit(limits);
      },
      removeMarker: async (home) => {
        step();
        return real.removeMarker(home);
      },
    }));
    await runPass(killable).catch(() => {});
    await runPass(storageOf(simulation));
    t.true(await isAllCorrect(simulation), `seed ${seed}`);
  }
});

test("one pass corrects any state: no shared id, no home without a limit, nothing left to do", async (t) => {
  for (let seed = 1; seed <= 1000; seed++) {
    const simulation = randomSimulation(randomFrom(seed));
    const before = structuredClone(simulation.folders);
    const report = await runPass(storageOf(simulation));
    t.deepEqual(report.failures, [], `seed ${seed}`);
    t.true(await isAllCorrect(simulation), `seed ${seed}`);
    for (const [name, folder] of simulation.folders) {
      const had = before.get(name)?.projectId;
      if (had !== folder.projectId)
        t.not(had, undefined, `seed ${seed}: every folder existed before`);
      t.not(folder.projectId, simulation.parentId, `seed ${seed}`);
    }
  }
});

/** Small numbers, so that ids collide; sometimes the greatest id. A home without a marker has strays only if it has no id of its own. */
const randomSimulation = (random: () => number): Simulation => {
  const below = (end: number) => Math.floor(random() * end);
  const simulation = createSimulation();
  const anyId = () => (below(20) === 0 ? 2 ** 32 - 2 : below(8));
  if (below(3) > 0) {
    simulation.parentId = below(3) === 0 ? 0 : 1 + below(5);
    simulation.accounts.clear();
  }
  for (let left = below(12); left > 0; left--) {
    const isPending = below(2) === 0;
    const projectId = anyId();
    const inherits = projectId !== 0 && below(4) > 0;
    const files = below(3);
    const strays = isPending || !inherits ? Math.min(files, below(3)) : 0;
    const name = `home-${below(40)}`;
    if (isPending) simulation.markers.add(name);
    else simulation.markers.delete(name);
    addFolder(simulation, name, { projectId, inherits, files, strays, createdAt: below(4) });
  }
  for (let left = below(8); left > 0; left--)
    simulation.accounts.set(
      anyId(),
      account({
        usedKiB: below(3) * 50,
        usedFiles: below(2),
        hardKiB: below(3) * 50,
        hardFiles: below(3) * 5,
      }),
    );
  return simulation;
};

/** Mulberry32: the same numbers for the same seed. */
const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};
