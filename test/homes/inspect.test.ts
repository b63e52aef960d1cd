import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { inspectHomes } from "../../src/homes/inspect.js";
import { fakeHost, userError } from "../support/fakes.js";
import { localStorage, withTools } from "./support/local-storage.js";

const hex = (text: string): string => Buffer.from(text).toString("hex");

const output = [
  "present 1",
  "now 1795262400",
  "parent 1 1",
  "home ada 7 1",
  "home bob 0 0",
  "others 1",
  `owners ada ${hex('{"user": "Ada@Example.org"}')}`,
  "owners bob !",
  `limits ada ${hex('{"bytes": 8388608}')}`,
  `limits bob ${hex("nonsense")}`,
  `groups ada ${hex('{"groups": ["staff"]}')}`,
  `groups bob ${hex("nonsense")}`,
  "pending bob 1795262390",
  `trash carl.20261120T080000Z 1 ${hex('{"user": "Carl"}')}`,
  "trash dora.20261120T080000Z 0 ",
  `limits.json ${hex('{"bytes": 4096, "files": 10, "homes": {"ada": {"bytes": 4096}}, "groups": {"staff": 8192}, "trashDays": 7}')}`,
  "changed 7 1795262399",
  "",
  "\x1estate",
  "  Accounting: ON\n  Enforcement: ON\n",
  "\x1eaccounts",
  "#0  0 0 0 00 [--------]  3 0 0 00 [--------]\n#1  9 0 9 00 [7 days]  3 0 3 00 [------]\n#7  2048 0 8192 00 [--------]  12 0 200000 00 [--------]\n",
  "\x1edisk",
  "1000000 400000\n",
].join("\n");

const inspectFrom = (text: string) =>
  inspectHomes(fakeHost("node1", { answers: [["perl", text]] }));

test("one output has everything about each home: owner, usage, limits, pending marker and newest change", async (t) => {
  const seen = await inspectFrom(output);
  t.deepEqual(seen.homes, [
    {
      name: "ada",
      user: "Ada@Example.org",
      attributes: { projectId: 7, inherits: true },
      bytes: { used: 2 ** 21, hard: 2 ** 23 },
      files: { used: 12, hard: 200_000 },
      pendingSince: undefined,
      changed: new Date(1_795_262_399_000),
      own: { bytes: 2 ** 23 },
      groups: ["staff"],
    },
    {
      name: "bob",
      user: undefined,
      attributes: { projectId: 0, inherits: false },
      bytes: { used: 0, hard: 0 },
      files: { used: 0, hard: 0 },
      pendingSince: new Date(1_795_262_390_000),
      changed: undefined,
      own: { problem: "it is not JSON" },
      groups: [],
    },
  ]);
  t.true(seen.enforced);
  t.deepEqual(seen.parent, { projectId: 1, inherits: true });
  t.deepEqual(seen.disk, { size: 1_000_000, free: 400_000 });
  t.is(seen.limits?.trashDays, 7);
  t.deepEqual(seen.limits?.groups, { staff: 8192 });
  t.is(seen.watcher, undefined);
});

test("an incomplete entry of the trash is not offered", async (t) => {
  const { trash } = await inspectFrom(output);
  t.deepEqual(
    trash.map(({ entry, user, deleted }) => [entry, user, deleted.toISOString()]),
    [["carl.20261120T080000Z", "Carl", "2026-11-20T08:00:00.000Z"]],
  );
});

test("without a mounted disk the error has the command that mounts it", async (t) => {
  const error = await userError(inspectFrom(""));
  t.is(error.message, "node1: the homes' disk is not mounted at /srv/swarmhub");
  t.regex(error.hint ?? "", /swarmhub up/);
});

test("the real script counts or ignores hostile entries, and follows no link", async (t) => {
  const { host, folder } = await localStorage(t);
  const at = (...names: string[]) => join(folder, ...names);
  await mkdir(at("homes", "ada"));
  await mkdir(at("homes", "..x\n\x1estate"));
  await writeFile(at("homes", "bob"), "");
  await symlink("/etc", at("homes", "eve"));
  await writeFile(at("owners", "ada"), '{"user": "Ad\\u0007a"}\n');
  await writeFile(at("secret"), '{"user": "root of all"}');
  await mkdir(at("homes", "mallory"));
  await symlink(at("secret"), at("owners", "mallory"));
  await mkdir(at("homes", "big"));
  await writeFile(at("owners", "big"), `{"user": "${"x".repeat(5000)}"}`);
  await mkdir(at("trash", "carl.20261120T080000Z", "home"), { recursive: true });
  await withTools(host, folder);
  const seen = await inspectHomes(host, { changes: true });
  t.deepEqual(
    seen.homes.map(({ name, user }) => [name, user]),
    [
      ["ada", "Ad\u0007a"],
      ["big", undefined],
      ["mallory", undefined],
    ],
  );
  t.is(seen.others, 3);
  t.deepEqual(
    seen.trash.map(({ home }) => home),
    ["carl"],
  );
  t.false(seen.enforced);
  const { homes } = await inspectHomes(host, { only: ["ada"] });
  t.deepEqual(
    homes.map(({ name, user }) => [name, user]),
    [["ada", "Ad\u0007a"]],
  );
});
