import test from "ava";
import type { Account, Attributes } from "../../contracts/xfs.js";
import { type Survey, createMemory, pauseAfterSurvey } from "../../quota/known-state.js";
import { account, limit } from "./support/simulation.js";

const home = (projectId: number): Attributes => ({ projectId, inherits: true });
const found = (homes: [string, Attributes][], accounts: [number, Account][] = []): Survey => ({
  attributes: new Map(homes),
  accounts: new Map(accounts),
});
const turnOfEvents = () => new Promise(setImmediate);

/** A memory whose surveys end when the test says so. */
const prepare = (highest?: number) => {
  const ends: ((found: Survey | Error) => void)[] = [];
  let now = 0;
  let rings = 0;
  const memory = createMemory(
    () =>
      new Promise((resolve, reject) => {
        ends.push((end) => (end instanceof Error ? reject(end) : resolve(end)));
      }),
    () => void rings++,
    () => now,
    highest,
  );
  return {
    memory,
    ends,
    rings: () => rings,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
  };
};

test("a survey begins at once, rings when it ended, and is taken in at the next turn", async (t) => {
  const { memory, ends, rings } = prepare();
  memory.turn();
  memory.turn();
  t.is(ends.length, 1);
  ends[0]?.(found([["ada", home(1)]], [[7, account()]]));
  await turnOfEvents();
  t.deepEqual([rings(), memory.isWhole], [1, false]);
  memory.turn();
  t.true(memory.isWhole);
  t.deepEqual([...memory.attributes.keys()], ["ada"]);
  t.is(memory.highestId, 7);
});

test("the highest id is that of an earlier watcher until a higher one is seen", (t) => {
  const { memory } = prepare(12);
  memory.learnAccounts([5], new Map([[5, account()]]));
  t.is(memory.highestId, 12);
  memory.learnAccounts([40], new Map([[40, account()]]));
  t.is(memory.highestId, 40);
});

test("what was learned while a survey went on is newer than the survey", async (t) => {
  const { memory, ends } = prepare();
  memory.learnHomes(["old"], new Map([["old", home(9)]]));
  memory.turn();
  memory.learnHomes(["ada", "gone"], new Map([["ada", home(2)]]));
  memory.learnAccounts([2, 3], new Map([[2, account(limit)]]));
  ends[0]?.(
    found(
      ["ada", "gone", "bob"].map((name) => [name, home(1)]),
      [1, 2, 3].map((id) => [id, account()]),
    ),
  );
  await turnOfEvents();
  memory.turn();
  t.deepEqual(Object.fromEntries(memory.attributes), { ada: home(2), bob: home(1) });
  t.deepEqual(
    [...memory.accounts],
    [
      [1, account()],
      [2, account(limit)],
    ],
  );
});

test("the next survey waits ten times as long as the last one took", async (t) => {
  const { memory, ends, pass } = prepare();
  memory.turn();
  pass(17_000);
  ends[0]?.(found([]));
  await turnOfEvents();
  memory.turn();
  pass(169_000);
  memory.turn();
  t.is(ends.length, 1);
  pass(1000);
  memory.turn();
  t.is(ends.length, 2);
  t.is(pauseAfterSurvey(10), 29_000);
  t.is(pauseAfterSurvey(68_000), 300_000);
});

test("a survey that failed says so once, and the next one begins at the turn after", async (t) => {
  const { memory, ends } = prepare();
  memory.turn();
  ends[0]?.(new Error("lsattr is not installed here"));
  await turnOfEvents();
  t.throws(() => memory.turn(), { message: "lsattr is not installed here" });
  memory.turn();
  t.is(ends.length, 2);
  t.false(memory.isWhole);
});

test("homes that are gone are forgotten", (t) => {
  const { memory } = prepare();
  memory.learnHomes(["ada", "bob"], new Map(["ada", "bob"].map((name) => [name, home(1)])));
  memory.keepOnly(new Set(["bob"]));
  t.deepEqual([...memory.attributes.keys()], ["bob"]);
});

test("a home that may be another one is forgotten, also by a survey that goes on", async (t) => {
  const { memory, ends } = prepare();
  memory.turn();
  memory.forget("ada");
  ends[0]?.(
    found([
      ["ada", home(1)],
      ["bob", home(2)],
    ]),
  );
  await turnOfEvents();
  memory.turn();
  t.deepEqual([...memory.attributes.keys()], ["bob"]);
});
