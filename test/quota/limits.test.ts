import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createLimits } from "../../quota/limits.js";

const mebibyte = 2 ** 20;
const rules = {
  bytes: 5 * mebibyte,
  files: 1000,
  homes: { eve: { bytes: 50 * mebibyte } },
  trashDays: 30,
};
const current = { hardKiB: 40, hardFiles: 4 };

const prepare = async (t: ExecutionContext, content: unknown = rules) => {
  const root = await mkdtemp(join(tmpdir(), "swarmhub-limits-"));
  t.teardown(() => rm(root, { recursive: true }));
  await mkdir(join(root, "limits"));
  const write = (name: string, what: unknown) =>
    writeFile(join(root, name), typeof what === "string" ? what : JSON.stringify(what));
  if (content !== null) await write("limits.json", content);
  return { root, write, limits: createLimits(root) };
};

test("the watcher applies own files before group quotas, and these before the defaults", async (t) => {
  const { write, limits } = await prepare(t);
  await write("limits/ada", { bytes: 10 * mebibyte });
  await write("limits/eve", { files: 7 });
  const { limitFor, failures } = limits();
  t.deepEqual(limitFor("bob", undefined), { hardKiB: 5 * 1024, hardFiles: 1000 });
  t.deepEqual(limitFor("ada", undefined), { hardKiB: 10 * 1024, hardFiles: 1000 });
  t.deepEqual(limitFor("eve", current), { hardKiB: 50 * 1024, hardFiles: 7 });
  t.deepEqual(failures, []);
});

test("the note of the hub puts a home into groups of limits.json, and a damaged one into none", async (t) => {
  const groups = { staff: 70 * mebibyte, tutors: 60 * mebibyte };
  const { root, write, limits } = await prepare(t, { ...rules, groups });
  t.is(limits().limitFor("bob", current)?.hardKiB, 5 * 1024, "before there is the folder");
  await mkdir(join(root, "groups"));
  await write("groups/bob", { groups: ["tutors", "unknown", "__proto__"] });
  await write("groups/eve", { groups: ["tutors", "staff"] });
  await write("groups/ada", `{"groups": ["staff"${" ".repeat(5000)}]}`);
  await write("groups/zoe", { groups: ["staff", 5] });
  await symlink(join(root, "groups/eve"), join(root, "groups/yan"));
  const { limitFor, failures } = limits();
  const given = ["bob", "eve", "ada", "zoe", "yan"].map((name) => limitFor(name, current)?.hardKiB);
  t.deepEqual(given, [60 * 1024, 70 * 1024, 5 * 1024, 5 * 1024, 5 * 1024]);
  t.deepEqual(failures, []);
  await write("groups/bob", { groups: [] });
  t.is(limits().limitFor("bob", current)?.hardKiB, 5 * 1024);
});

test("a changed file counts at the next call, and a deleted one does not count any more", async (t) => {
  const { root, write, limits } = await prepare(t);
  await write("limits/ada", { bytes: 10 * mebibyte });
  limits();
  await write("limits/ada", { bytes: 20 * mebibyte, files: 9 });
  t.deepEqual(limits().limitFor("ada", current), { hardKiB: 20 * 1024, hardFiles: 9 });
  await rm(join(root, "limits/ada"));
  await write("limits.json", { ...rules, files: 2000 });
  t.deepEqual(limits().limitFor("ada", current), { hardKiB: 5 * 1024, hardFiles: 2000 });
});

for (const [what, content] of [
  ["half a file", '{"bytes": 10'],
  ["a list", []],
  ["bytes of 0, which is no limit for XFS", { bytes: 0 }],
  ["files of 0", { files: 0 }],
  ["a negative number", { bytes: -1 }],
  ["a fraction", { bytes: 10_000.5 }],
  ["a text", { bytes: "10G" }],
  ["a number that is too large", { bytes: 1e300 }],
] as const)
  test(`a home's file with ${what} is a failure, and the home keeps its limit or gets the default`, async (t) => {
    const { write, limits } = await prepare(t);
    await write("limits/ada", content);
    const { limitFor, failures } = limits();
    t.is(failures[0]?.home, "ada");
    t.regex(
      failures[0]?.reason ?? "",
      /^limits\/ada is unreadable, so the home keeps its limit: ./,
    );
    t.deepEqual(limitFor("ada", current), current);
    t.deepEqual(limitFor("ada", undefined), { hardKiB: 5 * 1024, hardFiles: 1000 });
    t.deepEqual(limitFor("ada", { hardKiB: 0, hardFiles: 4 }), {
      hardKiB: 5 * 1024,
      hardFiles: 1000,
    });
  });

test("a link or a folder in place of a home's file is not read", async (t) => {
  const { root, limits } = await prepare(t);
  await symlink(join(root, "limits.json"), join(root, "limits/ada"));
  await mkdir(join(root, "limits/bob"));
  const { failures } = limits();
  t.deepEqual(failures.map(({ home }) => home).toSorted(), ["ada", "bob"]);
});

for (const [what, content] of [
  ["is missing", null],
  ["is no JSON", "{"],
  ["has no files", { ...rules, files: undefined }],
  ["has bytes of 0", { ...rules, bytes: 0 }],
  ["keeps the trash for 0 days", { ...rules, trashDays: 0 }],
  ["gives one home bytes of 0", { ...rules, homes: { eve: { bytes: 0 } } }],
] as const)
  test(`where limits.json ${what}, homes keep their limits, and new ones have only the limit of the parent folder`, async (t) => {
    const { root, write, limits } = await prepare(t, content);
    const { limitFor, failures, limits: read } = limits();
    t.deepEqual(limitFor("ada", current), current);
    t.is(limitFor("ada", undefined), undefined);
    t.is(limitFor("ada", { hardKiB: 0, hardFiles: 0 }), undefined);
    t.is(read, undefined);
    t.regex(failures[0]?.reason ?? "", /; homes keep their limits$/);
    await write("limits.json", rules);
    limits();
    await rm(join(root, "limits.json"));
    const later = limits();
    t.deepEqual(later.limitFor("ada", undefined), { hardKiB: 5 * 1024, hardFiles: 1000 });
    t.regex(later.failures[0]?.reason ?? "", /missing; its last content counts$/);
  });
