import { access, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type Run, createRun } from "../../quota/command.js";
import { createTrash } from "../../quota/trash.js";

const day = 86_400_000;
const minimumOverdue = 600_000;
const noon = Date.parse("2026-11-21T12:00:00Z");

const prepare = async (t: ExecutionContext, run: Run = createRun(new AbortController().signal)) => {
  const root = await mkdtemp(join(tmpdir(), "swarmhub-trash-"));
  t.teardown(() => rm(root, { recursive: true }));
  const clock = { wall: noon, steady: 0 };
  let onErased: (entry: string) => void = () => {};
  const erased = () => new Promise<string>((resolve) => (onErased = resolve));
  const clocks = { wall: () => clock.wall, steady: () => clock.steady };
  const trash = createTrash(root, run, clocks, (entry) => onErased(entry));
  const put = async (entry: string) => {
    await mkdir(join(root, "trash", entry, "home"), { recursive: true });
    await writeFile(join(root, "trash", entry, "home/file"), "");
  };
  const entries = async () => (await readdir(join(root, "trash"))).toSorted();
  return { root, trash, put, clock, erased, entries };
};

test("an entry that is too old is erased after it was overdue for a while by the steady clock", async (t) => {
  const { trash, put, clock, erased, entries } = await prepare(t);
  await put("ada.20261021T115959Z");
  await put("bob.20261022T120001Z");
  t.is((await trash.eraseOlderThan(30)).entries, 2);
  clock.steady += minimumOverdue - 1;
  await trash.eraseOlderThan(30);
  t.is((await entries()).length, 2);
  clock.steady += 1;
  const gone = erased();
  await trash.eraseOlderThan(30);
  t.is(await gone, "ada.20261021T115959Z");
  t.deepEqual(await entries(), ["bob.20261022T120001Z"]);
  t.deepEqual((await trash.eraseOlderThan(30)).erased, ["ada.20261021T115959Z"]);
});

test("a date that is a year ahead for a moment costs no home", async (t) => {
  const { trash, put, clock, entries } = await prepare(t);
  await put("ada.20261121T110000Z");
  clock.wall += 365 * day;
  await trash.eraseOlderThan(30);
  clock.wall = noon;
  clock.steady += minimumOverdue;
  await trash.eraseOlderThan(30);
  clock.wall += 365 * day;
  await trash.eraseOlderThan(30);
  t.deepEqual(await entries(), ["ada.20261121T110000Z"]);
});

test("links are removed, never followed, and other names than those of entries stay", async (t) => {
  const { root, trash, put, clock, erased } = await prepare(t);
  const strange = [
    "-rf",
    "lost+found",
    "ada",
    "ada.2026",
    "ADA.20200101T000000Z",
    "..x.20200101T000000Z",
  ];
  for (const name of [...strange, "ada\n.20200101T000000Z", "ada.20201399T000000Z"])
    await put(name);
  await put("eve.20200101T000000Z");
  await mkdir(join(root, "homes/bob"), { recursive: true });
  await writeFile(join(root, "homes/bob/precious"), "");
  await symlink(join(root, "homes"), join(root, "trash/eve.20200101T000000Z/home/link"));
  await symlink(join(root, "homes"), join(root, "trash/link.20200101T000000Z"));
  const before = await trash.eraseOlderThan(1);
  t.is(before.entries, 2);
  clock.steady += minimumOverdue;
  for (let entry = 0; entry < 2; entry++) {
    const gone = erased();
    await trash.eraseOlderThan(1);
    await gone;
    await new Promise(setImmediate);
  }
  await t.notThrowsAsync(access(join(root, "homes/bob/precious")));
  t.is((await readdir(join(root, "trash"))).length, 8);
});

test("an entry that is partly erased is erased whatever its age, and an error is in the report", async (t) => {
  const ran: string[] = [];
  const { root, trash, put } = await prepare(t, async (argv) => {
    ran.push(argv.join(" ").replaceAll(/\/\S*trash/g, "trash"));
    return { code: ran.length === 1 ? 124 : 1, stdout: "", stderr: "rm: Read-only file system\n" };
  });
  await put("erasing.ada.20261121T115959Z");
  for (let turn = 0; turn < 2; turn++) {
    t.is((await trash.eraseOlderThan(30)).problem, undefined);
    await new Promise(setImmediate);
  }
  const removal = "rm -rf --one-file-system -- trash/erasing.ada.20261121T115959Z";
  t.deepEqual(ran, [`nice -n 19 timeout 20 ${removal}`, `nice -n 19 timeout 20 ${removal}`]);
  t.regex((await trash.eraseOlderThan(30)).problem ?? "", /ada.*Read-only/);
  t.true((await readdir(root)).includes("trash"));
});

test("a missing trash counts as empty", async (t) => {
  const { trash } = await prepare(t);
  t.like(await trash.eraseOlderThan(30), { entries: 0, erased: [] });
});
