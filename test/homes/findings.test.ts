import test from "ava";
import type { Limits } from "../../contracts/limits.js";
import { findingsOf } from "../../src/homes/findings.js";
import type { Home, Homes } from "../../src/homes/inspect.js";
import { home, homes } from "./support/seen.js";

const limits: Limits = { bytes: 2 ** 30, files: 1000, homes: {}, trashDays: 30 };

const findings = (changes: Partial<Homes>, wanted = limits): [string | undefined, string][] =>
  findingsOf(homes(changes), wanted).map(({ home: name, text }) => [name, text]);

test("homes that are as they should be give no finding", (t) => {
  t.deepEqual(findings({ homes: [home("ada", 2), home("bob", 3)] }), []);
});

const rows: [title: string, home: Home, text: RegExp][] = [
  ["without a project id", home("ada", 0), /no project id/],
  ["with the parent's id", home("ada", 1), /only the project id of all/],
  [
    "whose attributes cannot be read",
    { ...home("ada", 2), attributes: undefined },
    /cannot be read/,
  ],
  [
    "that hands nothing on",
    { ...home("ada", 2), attributes: { projectId: 2, inherits: false } },
    /does not take its project id over/,
  ],
  [
    "with another limit",
    { ...home("ada", 2), bytes: { used: 0, hard: 2 ** 20 } },
    /its limit is 1 MB instead of 1 GB/,
  ],
  ["with no limit", { ...home("ada", 2), bytes: { used: 0, hard: 0 } }, /limit is none/],
  [
    "with other files",
    { ...home("ada", 2), files: { used: 0, hard: 0 } },
    /any number of files instead of 1000/,
  ],
  ["that was set apart", { ...home("ada", 2), own: { bytes: 2 ** 31 } }, /1 GB instead of 2 GB/],
  ["with an old mark", { ...home("ada", 2), pendingSince: new Date(0) }, /bears the mark/],
];

for (const [title, one, text] of rows)
  test(`a home ${title} is told`, (t) => {
    const [found, ...more] = findings({ homes: [one, home("bob", 3)] });
    t.is(found?.[0], "ada");
    t.regex(found?.[1] ?? "", text);
    t.deepEqual(more, []);
  });

test("two homes with one id are both told, each with the other", (t) => {
  t.deepEqual(findings({ homes: [home("ada", 2), home("bob", 2)] }), [
    ["ada", "it shares the project id 2 with bob"],
    ["bob", "it shares the project id 2 with ada"],
  ]);
});

test("a home that was made a moment ago is the watcher's, not a finding", (t) => {
  const young = { ...home("ada", 0), pendingSince: homes().now };
  t.deepEqual(findings({ homes: [young] }), []);
});

const troubles: [title: string, changes: Partial<Homes>, text: RegExp][] = [
  ["limits that XFS does not enforce", { enforced: false }, /without prjquota/],
  ["a watcher that says nothing", { watcher: undefined }, /has written nothing/],
  [
    "a watcher that stopped",
    { watcher: { at: new Date(0), homes: 0, over90: [], failures: [] } },
    /no sign of life/,
  ],
  ["other limits than configured", { limits: { ...limits, files: 7 } }, /limits\.json is not/],
  ["no limits at all", { limits: undefined }, /limits\.json is not/],
  ["folders born free", { parent: { projectId: 0, inherits: false } }, /born without a limit/],
];

for (const [title, changes, text] of troubles)
  test(`about all homes: ${title}`, (t) => {
    const [found] = findings({ homes: [], ...changes });
    t.is(found?.[0], undefined);
    t.regex(found?.[1] ?? "", text);
  });

test("an unreadable file of limits/ is a finding of its own with the command that ends it, and the limit is no drift", (t) => {
  const own = { problem: "it is not JSON" };
  const limited = { ...home("ada", 2), bytes: { used: 0, hard: 2 ** 31 }, own };
  t.deepEqual(findingsOf(homes({ homes: [limited] }), limits), [
    {
      home: "ada",
      text: "limits/ada is unreadable, so the home keeps its limit of 2 GB: it is not JSON",
      hint: "`swarmhub quota set ada 10G` sets a limit again, `swarmhub quota set ada default` the configured one",
    },
  ]);
  const unlimited = { ...limited, bytes: { used: 0, hard: 0 } };
  t.deepEqual(findings({ homes: [unlimited] }), [
    ["ada", "its limit is none instead of 1 GB"],
    ["ada", "limits/ada is unreadable, so the home gets the configured limit: it is not JSON"],
  ]);
});
