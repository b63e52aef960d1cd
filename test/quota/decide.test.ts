import test from "ava";
import type { Account } from "../../contracts/xfs.js";
import {
  type Action,
  type Home,
  type StorageState,
  decide,
  parentLimit,
} from "../../quota/decide.js";
import { account, limit as wanted } from "./support/simulation.js";

const home = (name: string, projectId: number, more: Partial<Home> = {}): Home => ({
  name,
  projectId,
  inherits: projectId !== 0,
  treeHasId: true,
  isPending: false,
  createdAt: 0,
  ...more,
});

const stateOf = (
  homes: Home[],
  accounts: Record<number, Partial<Account>> = {},
  more: Partial<StorageState> = {},
): StorageState => ({
  homes,
  parent: { projectId: 1000, inherits: true },
  accounts: new Map(
    [...Object.entries(accounts), ["1000", parentLimit] as const].map(([id, changes]) => [
      Number(id),
      account({ ...wanted, ...changes }),
    ]),
  ),
  isComplete: true,
  assignedIds: new Set(),
  freeIds: [1001, 1002, 1003],
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
  ...wanted,
});
const removeMarker = (name: string): Action => ({ kind: "remove-marker", home: name });

const table: [title: string, state: StorageState, actions: Action[]][] = [
  ["without homes there is nothing to do", stateOf([]), []],
  [
    "a home with its own id and its limit needs no change",
    stateOf([home("ada", 1)], { 1: {} }),
    [],
  ],
  [
    "a new home gets the next id and the limit",
    stateOf([home("ada", 1000, { isPending: true })]),
    [assign("ada", 1001), limit("ada", 1001)],
  ],
  [
    "two new homes get the next two ids",
    stateOf([home("ada", 7), home("bob", 0), home("cleo", 1000)], { 7: {} }),
    [assign("bob", 1001), limit("bob", 1001), assign("cleo", 1002), limit("cleo", 1002)],
  ],
  [
    "a home for which no id is free waits for the next pass",
    stateOf([home("ada", 1000), home("bob", 1000)], {}, { freeIds: [1001] }),
    [assign("ada", 1001), limit("ada", 1001)],
  ],
  [
    "of two homes with one id the newer gets another one",
    stateOf([home("ada", 3, { createdAt: 200 }), home("bob", 3, { createdAt: 100 })], { 3: {} }),
    [assign("ada", 1001), limit("ada", 1001)],
  ],
  [
    "an id that was inherited from the parent belongs to no home",
    stateOf([home("ada", 1000), home("bob", 1000)]),
    [assign("ada", 1001), limit("ada", 1001), assign("bob", 1002), limit("bob", 1002)],
  ],
  [
    "a home without a limit gets one",
    stateOf([home("ada", 1)], { 1: { hardKiB: 0 } }),
    [limit("ada", 1)],
  ],
  ["a home without an account gets a limit", stateOf([home("ada", 1)]), [limit("ada", 1)]],
  [
    "a wrong limit of bytes is corrected",
    stateOf([home("ada", 1)], { 1: { hardKiB: 104 } }),
    [limit("ada", 1)],
  ],
  [
    "a wrong limit of files is corrected",
    stateOf([home("ada", 1)], { 1: { hardFiles: 0 } }),
    [limit("ada", 1)],
  ],
  [
    "a home whose new files would not inherit its id gets the same id again",
    stateOf([home("ada", 1, { inherits: false })], { 1: {} }),
    [assign("ada", 1)],
  ],
  [
    "the tree of a pending home whose files may lack the id gets it again",
    stateOf([home("ada", 1, { isPending: true, treeHasId: false })], { 1: {} }),
    [assign("ada", 1)],
  ],
  [
    "a correct home loses its pending marker",
    stateOf([home("ada", 1, { isPending: true })], { 1: {} }),
    [removeMarker("ada")],
  ],
  [
    "the marker stays while anything is wrong",
    stateOf([home("ada", 1, { isPending: true })], { 1: { hardKiB: 0 } }),
    [limit("ada", 1)],
  ],
  [
    "while not all homes are known the marker stays, because another home may have the same id",
    stateOf([home("ada", 1, { isPending: true })], { 1: {} }, { isComplete: false }),
    [],
  ],
  [
    "an id that this watcher assigned belongs to no other home",
    stateOf(
      [home("ada", 1, { isPending: true })],
      { 1: {} },
      { isComplete: false, assignedIds: new Set([1]) },
    ),
    [removeMarker("ada")],
  ],
  [
    "the parent folder gets an id and a limit of its own first",
    stateOf([home("ada", 0)], { 1000: {} }, { parent: { projectId: 0, inherits: false } }),
    [
      assign(".", 1001),
      { ...limit(".", 1001), ...parentLimit },
      assign("ada", 1002),
      limit("ada", 1002),
    ],
  ],
  [
    "a parent folder that does not pass its id on gets it again",
    stateOf([], {}, { parent: { projectId: 1000, inherits: false } }),
    [assign(".", 1000)],
  ],
];

for (const [title, have, actions] of table)
  test(title, (t) => {
    t.deepEqual(
      decide(have, () => wanted),
      actions,
    );
  });

test("each home can have a limit of its own, which may depend on its current one", (t) => {
  const have = stateOf([home("ada", 1), home("bob", 2), home("cleo", 1000)], { 1: {}, 2: {} });
  const actions = decide(have, (name, current) =>
    name === "ada" ? current : { hardKiB: 500, hardFiles: current?.hardFiles ?? 7 },
  );
  t.deepEqual(actions, [
    { kind: "limit", home: "bob", projectId: 2, hardKiB: 500, hardFiles: wanted.hardFiles },
    assign("cleo", 1001),
    { kind: "limit", home: "cleo", projectId: 1001, hardKiB: 500, hardFiles: 7 },
  ]);
});

test("a home without a known limit keeps its state and its marker", (t) => {
  t.deepEqual(
    decide(stateOf([home("ada", 1000, { isPending: true })]), () => undefined),
    [],
  );
});
