import test from "ava";
import type { Limits } from "../../contracts/limits.js";
import { findingsOf } from "../../src/homes/findings.js";
import type { Home, Homes } from "../../src/homes/inspect.js";
import { home, homes } from "./support/seen.js";

const limits: Limits = { bytes: 2 ** 30, files: 1000, homes: {}, groups: {}, trashDays: 30 };

const findings = (changes: Partial<Homes>, wanted = limits): [string | undefined, string][] =>
  findingsOf(homes(changes), wanted).map(({ home: name, text }) => [name, text]);

test("correct homes have no findings", (t) => {
  t.deepEqual(findings({ homes: [home("ada", 2), home("bob", 3)] }), []);
});

const rows: [title: string, home: Home, text: RegExp][] = [
  ["without a project id", home("ada", 0), /no project id, so it has no limit/],
  ["with the parent's id", home("ada", 1), /no project id of its own/],
  [
    "whose attributes cannot be read",
    { ...home("ada", 2), attributes: undefined },
    /its project id is unreadable/,
  ],
  [
    "whose new files have no id",
    { ...home("ada", 2), attributes: { projectId: 2, inherits: false } },
    /new files in it do not inherit its project id/,
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
    /its limit of files is none instead of 1000/,
  ],
  [
    "with a limit of its own",
    { ...home("ada", 2), own: { bytes: 2 ** 31 } },
    /1 GB instead of 2 GB/,
  ],
  [
    "with an old pending marker",
    { ...home("ada", 2), pendingSince: new Date(0) },
    /its pending marker still exists/,
  ],
];

for (const [title, one, text] of rows)
  test(`a home ${title} is a finding`, (t) => {
    const [found, ...more] = findings({ homes: [one, home("bob", 3)] });
    t.is(found?.[0], "ada");
    t.regex(found?.[1] ?? "", text);
    t.deepEqual(more, []);
  });

test("two homes with one id are two findings, each with the name of the other", (t) => {
  t.deepEqual(findings({ homes: [home("ada", 2), home("bob", 2)] }), [
    ["ada", "it shares the project id 2 with bob"],
    ["bob", "it shares the project id 2 with ada"],
  ]);
});

test("a home that was created a moment ago is no finding", (t) => {
  const young = { ...home("ada", 0), pendingSince: homes().now };
  t.deepEqual(findings({ homes: [young] }), []);
});

const classFindings: [title: string, changes: Partial<Homes>, text: RegExp][] = [
  ["limits that XFS does not enforce", { enforced: false }, /without prjquota/],
  ["a watcher without a status", { watcher: undefined }, /has not written its status/],
  [
    "a watcher that stopped",
    { watcher: { at: new Date(0), homes: 0, over90: [], failures: [] } },
    /has not responded for/,
  ],
  ["other limits than configured", { limits: { ...limits, files: 7 } }, /limits\.json differs/],
  ["no limits at all", { limits: undefined }, /limits\.json differs/],
  [
    "a parent folder without an id",
    { parent: { projectId: 0, inherits: false } },
    /would have no limit/,
  ],
];

for (const [title, changes, text] of classFindings)
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
      hint: "to set a limit again: `swarmhub quota set ada 10G`, or the configured one: `swarmhub quota set ada default`",
    },
  ]);
  const unlimited = { ...limited, bytes: { used: 0, hard: 0 } };
  t.deepEqual(findings({ homes: [unlimited] }), [
    ["ada", "its limit is none instead of 1 GB"],
    ["ada", "limits/ada is unreadable, so the home gets the configured limit: it is not JSON"],
  ]);
});
