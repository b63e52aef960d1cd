import test from "ava";
import type { Account } from "../../contracts/xfs.js";
import { type Action, type Home, type World, decide, parentLimit } from "../../quota/decide.js";
import { account, limit as limits } from "./support/simulation.js";

const home = (name: string, projectId: number, more: Partial<Home> = {}): Home => ({
  name,
  projectId,
  inherits: projectId !== 0,
  settled: true,
  marked: false,
  born: 0,
  ...more,
});

const world = (
  homes: Home[],
  accounts: Record<number, Partial<Account>> = {},
  more: Partial<World> = {},
): World => ({
  homes,
  parent: { projectId: 1000, inherits: true },
  accounts: new Map(
    [...Object.entries(accounts), ["1000", parentLimit] as const].map(([id, given]) => [
      Number(id),
      account({ ...limits, ...given }),
    ]),
  ),
  isWhole: true,
  given: new Set(),
  free: [1001, 1002, 1003],
  ...more,
});

const assign = (name: string, projectId: number): Action => ({
  kind: "assign",
  home: name,
  projectId,
});
const limit = (name: string, projectId: number): Action => ({
  kind: "limit",
  home: name,
  projectId,
  ...limits,
});
const unmark = (name: string): Action => ({ kind: "unmark", home: name });

const table: [title: string, world: World, actions: Action[]][] = [
  ["no homes need nothing", world([]), []],
  ["a home with its own id and the limit needs nothing", world([home("ada", 1)], { 1: {} }), []],
  [
    "a new home gets the next id and the limit",
    world([home("ada", 1000, { marked: true })]),
    [assign("ada", 1001), limit("ada", 1001)],
  ],
  [
    "two new homes get the next two ids",
    world([home("ada", 7), home("bob", 0), home("cleo", 1000)], { 7: {} }),
    [assign("bob", 1001), limit("bob", 1001), assign("cleo", 1002), limit("cleo", 1002)],
  ],
  [
    "a home for which no id is free waits for the next pass",
    world([home("ada", 1000), home("bob", 1000)], {}, { free: [1001] }),
    [assign("ada", 1001), limit("ada", 1001)],
  ],
  [
    "of two homes with one id the younger gets a new one",
    world([home("ada", 3, { born: 200 }), home("bob", 3, { born: 100 })], { 3: {} }),
    [assign("ada", 1001), limit("ada", 1001)],
  ],
  [
    "an id that was taken over from the parent is nobody's own",
    world([home("ada", 1000), home("bob", 1000)]),
    [assign("ada", 1001), limit("ada", 1001), assign("bob", 1002), limit("bob", 1002)],
  ],
  [
    "a home without a limit gets one",
    world([home("ada", 1)], { 1: { hardKiB: 0 } }),
    [limit("ada", 1)],
  ],
  ["a home without an account gets a limit", world([home("ada", 1)]), [limit("ada", 1)]],
  [
    "another limit of bytes than wanted is set right",
    world([home("ada", 1)], { 1: { hardKiB: 104 } }),
    [limit("ada", 1)],
  ],
  [
    "another limit of files than wanted is set right",
    world([home("ada", 1)], { 1: { hardFiles: 0 } }),
    [limit("ada", 1)],
  ],
  [
    "a home whose new files would not inherit its id is given the same id again",
    world([home("ada", 1, { inherits: false })], { 1: {} }),
    [assign("ada", 1)],
  ],
  [
    "a marked home whose files may lack the id is gone through again",
    world([home("ada", 1, { marked: true, settled: false })], { 1: {} }),
    [assign("ada", 1)],
  ],
  [
    "a right home loses its mark",
    world([home("ada", 1, { marked: true })], { 1: {} }),
    [unmark("ada")],
  ],
  [
    "a mark stays while anything is wrong",
    world([home("ada", 1, { marked: true })], { 1: { hardKiB: 0 } }),
    [limit("ada", 1)],
  ],
  [
    "while not all homes are known a mark stays, for an id may be another's too",
    world([home("ada", 1, { marked: true })], { 1: {} }, { isWhole: false }),
    [],
  ],
  [
    "an id that this watcher gave is nobody else's",
    world([home("ada", 1, { marked: true })], { 1: {} }, { isWhole: false, given: new Set([1]) }),
    [unmark("ada")],
  ],
  [
    "the folder of the homes gets an id and a limit of its own first",
    world([home("ada", 0)], { 1000: {} }, { parent: { projectId: 0, inherits: false } }),
    [
      assign(".", 1001),
      { ...limit(".", 1001), ...parentLimit },
      assign("ada", 1002),
      limit("ada", 1002),
    ],
  ],
  [
    "a folder of the homes that hands nothing on is given its id again",
    world([], {}, { parent: { projectId: 1000, inherits: false } }),
    [assign(".", 1000)],
  ],
];

for (const [title, have, actions] of table)
  test(title, (t) => {
    t.deepEqual(
      decide(have, () => limits),
      actions,
    );
  });

test("each home may have a limit of its own, and knows the one it has", (t) => {
  const have = world([home("ada", 1), home("bob", 2), home("cleo", 1000)], { 1: {}, 2: {} });
  const actions = decide(have, (name, has) =>
    name === "ada" ? has : { hardKiB: 500, hardFiles: has?.hardFiles ?? 7 },
  );
  t.deepEqual(actions, [
    { kind: "limit", home: "bob", projectId: 2, hardKiB: 500, hardFiles: limits.hardFiles },
    assign("cleo", 1001),
    { kind: "limit", home: "cleo", projectId: 1001, hardKiB: 500, hardFiles: 7 },
  ]);
});

test("a home for which no limit is known is left as it is, mark and all", (t) => {
  t.deepEqual(
    decide(world([home("ada", 1000, { marked: true })]), () => undefined),
    [],
  );
});
