import test from "ava";
import { decide, type Action, type Home, type World } from "../../quota/decide.js";
import { greatestProjectId, type Account } from "../../quota/xfs.js";

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
  parentId = 0,
): World => ({
  homes,
  parentId,
  accounts: new Map(
    Object.entries(accounts).map(([id, account]) => [
      Number(id),
      { usedKiB: 0, hardKiB: 100, ...account },
    ]),
  ),
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
  hardKiB: 100,
});
const unmark = (name: string): Action => ({ kind: "unmark", home: name });

const table: [title: string, world: World, actions: Action[]][] = [
  ["no homes need nothing", world([]), []],
  ["a home with its own id and the limit needs nothing", world([home("ada", 1)], { 1: {} }), []],
  [
    "a new home gets the first id and the limit",
    world([home("ada", 0, { marked: true })]),
    [assign("ada", 1), limit("ada", 1)],
  ],
  [
    "two new homes get two ids above the highest",
    world([home("ada", 7), home("bob", 0), home("cleo", 0)], { 7: {} }),
    [assign("bob", 8), limit("bob", 8), assign("cleo", 9), limit("cleo", 9)],
  ],
  [
    "an id that only the quota report knows is not given again",
    world([home("ada", 0)], { 41: { usedKiB: 12 } }),
    [assign("ada", 42), limit("ada", 42)],
  ],
  [
    "of two homes with one id the younger gets a new one",
    world([home("ada", 3, { born: 200 }), home("bob", 3, { born: 100 })], { 3: {} }),
    [assign("ada", 4), limit("ada", 4)],
  ],
  [
    "an id that was taken over from the parent is nobody's own",
    world([home("ada", 9), home("bob", 9)], { 9: {} }, 9),
    [assign("ada", 10), limit("ada", 10), assign("bob", 11), limit("bob", 11)],
  ],
  [
    "a home without a limit gets one",
    world([home("ada", 1)], { 1: { hardKiB: 0 } }),
    [limit("ada", 1)],
  ],
  ["a home without an account gets a limit", world([home("ada", 1)]), [limit("ada", 1)]],
  [
    "another limit than wanted is set right",
    world([home("ada", 1)], { 1: { hardKiB: 104 } }),
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
    "once the numbers end, the lowest id that nothing uses is given",
    world([home("ada", greatestProjectId), home("bob", 1), home("cleo", 0)], {
      [greatestProjectId]: {},
      1: {},
      2: { usedKiB: 4 },
      3: { usedKiB: 0 },
    }),
    [assign("cleo", 3), limit("cleo", 3)],
  ],
];

for (const [title, have, actions] of table)
  test(title, (t) => {
    t.deepEqual(
      decide(have, () => 100),
      actions,
    );
  });

test("each home may have a limit of its own", (t) => {
  const have = world([home("ada", 1), home("bob", 2)], {
    1: { hardKiB: 100 },
    2: { hardKiB: 100 },
  });
  const actions = decide(have, (name) => (name === "ada" ? 100 : 500));
  t.deepEqual(actions, [{ kind: "limit", home: "bob", projectId: 2, hardKiB: 500 }]);
});
