import { readdirSync, rmdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, rmdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Output, Run } from "../../quota/command.js";
import { fullScan } from "../../quota/full-scan.js";
import type { Inspection } from "../../quota/inspect.js";
import { createKnownState } from "../../quota/known-state.js";
import { createStorage } from "../../quota/storage.js";

const ok = (stdout = ""): Output => ({ code: 0, stdout, stderr: "" });

/** A storage folder of this test's own; `answers` gives what a command's first word says, and each other command fails the test. */
const prepare = async (
  t: ExecutionContext,
  answers: Record<string, (argv: readonly string[]) => Output>,
) => {
  const root = await mkdtemp(join(tmpdir(), "swarmhub-quota-"));
  t.teardown(() => rm(root, { recursive: true }));
  await mkdir(join(root, "homes"));
  await mkdir(join(root, "pending"));
  const ran: string[] = [];
  const run: Run = async (argv) => {
    ran.push(argv.join(" "));
    const answer = answers[argv.find((word) => !/^(nice|-n|19)$/.test(word)) ?? ""];
    if (answer === undefined) throw new Error(`unforeseen command: ${argv.join(" ")}`);
    return answer(argv);
  };
  let now = 0;
  const knownState = createKnownState(
    () => fullScan(root, run),
    () => {},
    () => now,
  );
  const storage = createStorage(root, run, knownState);
  /** A look once the memory has taken a new listing in. */
  const lookAtAll = async () => {
    now += 3_600_000;
    await storage.look();
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    ran.splice(0);
    return storage.look();
  };
  return { root, ran, storage, lookAtAll };
};

const noAccounts = () =>
  ok(["#0", "#7"].map((id) => `${id} 0 0 0 00 [--------] 1 0 0 00 [--------]\n`).join(""));

/** Answers as lsattr for a folder's children (-pa) or for the paths asked (-pd); what is not in `ids` has no line. */
const listing = (ids: Record<string, number>) => (argv: readonly string[]) => {
  const folder = argv.at(-1) ?? "";
  const all = Object.keys({ ".": 0, ...ids }).map((name) => `${folder}/${name}`);
  const asked = argv.includes("-pa") ? all : argv.slice(2);
  const lines = asked.map((path) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const id = name === "." ? (ids[name] ?? 7) : ids[name];
    return id === undefined ? "" : `    ${id} -------------------P-- ${path}\n`;
  });
  return ok(lines.join(""));
};

test("a look costs two commands, and tells homes from what is none", async (t) => {
  const { root, ran, lookAtAll } = await prepare(t, {
    lsattr: listing({ ".": 7, "..": 0, ada: 12, link: 9 }),
    xfs_quota: () => ok("#12 4 0 20480 00 [--------] 3 0 10 00 [--------]\n"),
  });
  await mkdir(join(root, "homes/ada"));
  for (const name of ["-rf", ".hidden", "ada\nx", "lost+found"])
    await mkdir(join(root, "homes", name));
  await mkdir(Buffer.concat([Buffer.from(`${root}/homes/bad`), Buffer.from([0xff])]));
  await symlink("/", join(root, "homes/link"));
  await writeFile(join(root, "homes/file"), "");
  const seen = await lookAtAll();
  t.deepEqual(
    ran.map((command) => command.replaceAll(root, "")),
    [
      "lsattr -pd /homes/.",
      "xfs_quota -x -D /dev/null -P /dev/null -c report -p -n -N -b -i -L 7 -U 7 ",
    ],
  );
  t.deepEqual(seen.homes, [
    { name: "ada", projectId: 12, inherits: true, marked: false, settled: true, born: 0 },
  ]);
  t.deepEqual(seen.parent, { projectId: 7, inherits: true });
  t.deepEqual(seen.accounts.get(12), { usedKiB: 4, hardKiB: 20480, usedFiles: 3, hardFiles: 10 });
  t.deepEqual(seen.unread, []);
  t.deepEqual(seen.ignored.map(({ name, reason }) => `${name}: ${reason}`).toSorted(), [
    "-rf: its name cannot be a home's",
    ".hidden: its name cannot be a home's",
    "ada\nx: its name cannot be a home's",
    "bad\xff: its name cannot be a home's",
    "file: it is not a folder",
    "link: it is not a folder",
    "lost+found: its name cannot be a home's",
  ]);
});

test("a marked home is settled when it is empty or was gone through", async (t) => {
  const ids = { empty: 1, full: 2, covered: 3 };
  const { root, storage } = await prepare(t, { lsattr: listing(ids), xfs_quota: noAccounts });
  for (const name of Object.keys(ids)) {
    await mkdir(join(root, "homes", name));
    await writeFile(join(root, "pending", name), "");
    if (name !== "empty") await writeFile(join(root, "homes", name, "file"), "");
  }
  const settled = ({ homes }: Inspection) =>
    homes.flatMap((home) => (home.settled ? [home.name] : []));
  const before = await storage.look();
  t.deepEqual(settled(before), ["empty"]);
  const covered = new Set(["covered"]);
  const after = await storage.look({ before, touched: [], covered });
  t.deepEqual(settled(after).toSorted(), ["covered", "empty"]);
});

test("a second look asks only what was touched, forgets what is gone, and says that others came", async (t) => {
  const ids: Record<string, number> = { ada: 0, bob: 0, cleo: 0 };
  const { root, ran, storage, lookAtAll } = await prepare(t, {
    lsattr: listing(ids),
    xfs_quota: noAccounts,
  });
  for (const name of ["ada", "bob", "cleo"]) await mkdir(join(root, "homes", name));
  const before = await lookAtAll();
  await mkdir(join(root, "homes/dora"));
  await rmdir(join(root, "homes/cleo"));
  for (const name of Object.keys(ids)) ids[name] = 5;
  const after = await storage.look({ before, touched: ["ada"], covered: new Set() });
  t.deepEqual(after.homes.map(({ name, projectId }) => `${name} ${projectId}`).toSorted(), [
    "ada 5",
    "bob 0",
  ]);
  t.deepEqual([before.isBehind, after.isBehind, after.unread], [false, true, []]);
  t.true(ran.includes(`lsattr -pd ${root}/homes/. ${root}/homes/ada`));
});

test("a home made anew in the midst of a pass does not pass for the old one", async (t) => {
  const ids: Record<string, number> = { ada: 1 };
  const { root, storage, lookAtAll } = await prepare(t, {
    lsattr: listing(ids),
    xfs_quota: noAccounts,
  });
  await mkdir(join(root, "homes/ada"));
  const before = await lookAtAll();
  ids["ada"] = 0;
  await writeFile(join(root, "pending/ada"), "");
  const after = await storage.look({ before, touched: [], covered: new Set() });
  t.deepEqual(
    after.homes.map(({ projectId, marked }) => [projectId, marked]),
    [[0, true]],
  );
});

test("ages are asked only of homes that share an id", async (t) => {
  const { root, lookAtAll } = await prepare(t, {
    lsattr: listing({ ada: 3, bob: 3, cleo: 4 }),
    xfs_quota: noAccounts,
  });
  for (const name of ["ada", "bob", "cleo"]) await mkdir(join(root, "homes", name));
  const { homes } = await lookAtAll();
  t.deepEqual(Object.fromEntries(homes.map(({ name, born }) => [name, born > 0])), {
    ada: true,
    bob: true,
    cleo: false,
  });
});

test("a home whose attributes cannot be read is named, one that went away is not", async (t) => {
  const { root, lookAtAll } = await prepare(t, {
    lsattr: (argv) => {
      if (argv.includes(`${root}/homes/bob`)) rmdirSync(join(root, "homes/bob"));
      return listing({})(argv);
    },
    xfs_quota: noAccounts,
  });
  for (const name of ["ada", "bob"]) await mkdir(join(root, "homes", name));
  const seen = await lookAtAll();
  t.deepEqual([seen.unread, seen.homes, seen.count], [["ada"], [], 2]);
});

test("a new home is looked at while all others are still being listed, and is right afterwards", async (t) => {
  let endListing = () => {};
  const listed = new Promise<void>((resolve) => (endListing = resolve));
  const ids: Record<string, number> = { ada: 3, bob: 7 };
  const root = await mkdtemp(join(tmpdir(), "swarmhub-quota-"));
  t.teardown(() => rm(root, { recursive: true }));
  for (const path of ["homes/ada", "homes/bob", "pending"])
    await mkdir(join(root, path), { recursive: true });
  await writeFile(join(root, "pending/bob"), "");
  const run: Run = async (argv) => (argv[0] === "xfs_quota" ? noAccounts() : listing(ids)(argv));
  const stale = new Map(
    Object.entries(ids).map(([name, projectId]) => [name, { projectId, inherits: true }]),
  );
  const knownState = createKnownState(
    () => listed.then(() => ({ attributes: stale, accounts: new Map() })),
    () => {},
    () => 0,
  );
  const storage = createStorage(root, run, knownState);
  const names = ({ homes }: Inspection) =>
    homes.map(({ name, projectId }) => `${name} ${projectId}`).toSorted();
  const first = await storage.look();
  t.deepEqual([names(first), first.isWhole, first.count], [["bob 7"], false, 2]);
  ids["bob"] = 8;
  await storage.look({ before: first, touched: ["bob"], covered: new Set() });
  await mkdir(join(root, "homes/cleo"));
  ids["cleo"] = 7;
  endListing();
  await new Promise(setImmediate);
  const whole = await storage.look();
  t.deepEqual([names(whole), whole.isWhole], [["ada 3", "bob 8", "cleo 7"], true]);
});

test("of a burst a look asks a thousand, those with a mark first, and says that there are more", async (t) => {
  const { root, ran, storage, lookAtAll } = await prepare(t, {
    lsattr: listing({ zoe: 1 }),
    xfs_quota: noAccounts,
  });
  await lookAtAll();
  ran.splice(0);
  await Promise.all(
    Array.from({ length: 1100 }, (_, index) => mkdir(join(root, `homes/h${index}`))),
  );
  await mkdir(join(root, "homes/zoe"));
  await writeFile(join(root, "pending/zoe"), "");
  const seen = await storage.look();
  t.true(seen.isBehind);
  t.deepEqual(
    seen.homes.map(({ name }) => name),
    ["zoe"],
  );
  t.is(seen.unread.length, 999);
  t.deepEqual(ran.map((command) => command.split(" ")[0] ?? "").toSorted(), [
    "lsattr",
    "lsattr",
    "lsattr",
    "xfs_quota",
  ]);
});

test("a command that fails is named with what it said", async (t) => {
  const { storage } = await prepare(t, {
    lsattr: listing({}),
    xfs_quota: () => ({ code: 1, stdout: "", stderr: "xfs_quota: cannot find mount point\n" }),
  });
  await t.throwsAsync(storage.look(), {
    message: /`xfs_quota .*report.*` ended with 1: xfs_quota: cannot find mount point/,
  });
});

test("a report without any account is an error, not a storage without limits", async (t) => {
  const { storage } = await prepare(t, { lsattr: listing({}), xfs_quota: () => ok() });
  await t.throwsAsync(storage.look(), { message: /no project's account/ });
});

test("a folder of the homes that cannot be asked is an error, in a look as in a listing", async (t) => {
  const no = { code: 1, stdout: "", stderr: "lsattr: Input/output error\n" };
  const { storage } = await prepare(t, { lsattr: () => no, xfs_quota: noAccounts });
  await t.throwsAsync(storage.look(), { message: /says nothing of .*homes/ });
  await t.throwsAsync(storage.look(), {
    message: /`lsattr -pa .*ended with 1: .*Input\/output error/,
  });
});

test("new homes are marked first and get their ids in one process; only what has content is gone through", async (t) => {
  let marks: string[] = [];
  const { root, ran, storage } = await prepare(t, {
    xfs_io: () => {
      marks = readdirSync(join(root, "pending"));
      return ok("projid = 1\nprojid = 2\n");
    },
    xfs_quota: () => ok(),
  });
  for (const name of ["empty", "full"]) await mkdir(join(root, "homes", name));
  await writeFile(join(root, "homes/full/file"), "");
  const refusals = await storage.assign([
    { kind: "assign", home: "empty", projectId: 1 },
    { kind: "assign", home: "full", projectId: 2 },
  ]);
  t.deepEqual([...refusals], []);
  t.deepEqual(marks.toSorted(), ["empty", "full"]);
  t.deepEqual(
    ran.map((command) => command.replaceAll(root, "")),
    [
      "xfs_io -c open -r /homes/empty -c chproj 1 -c chattr +P -c lsproj -c close -c open -r /homes/full -c chproj 2 -c chattr +P -c lsproj -c close",
      "xfs_quota -x -D /dev/null -P /dev/null -c project -s -p /homes/full 2 ",
      "xfs_quota -x -D /dev/null -P /dev/null -c project -c -p /homes/full 2 ",
    ],
  );
});

test("a mark that cannot be made refuses that home alone", async (t) => {
  const { root, ran, storage } = await prepare(t, { xfs_io: () => ok("projid = 2\n") });
  await mkdir(join(root, "homes/bob"));
  const refusals = await storage.assign([
    { kind: "assign", home: "no/folder", projectId: 1 },
    { kind: "assign", home: "bob", projectId: 2 },
  ]);
  t.deepEqual([...refusals.keys()], ["no/folder"]);
  t.is(ran.length, 1);
  t.notRegex(ran[0] ?? "", /no\/folder/);
});

test("a folder that did not take its id is refused with the line that names it", async (t) => {
  const { root, storage } = await prepare(t, {
    xfs_io: (argv) => ({
      code: 1,
      stdout: "projid = 2\n",
      stderr: `${argv[2]?.replace("open -r ", "")}: Permission denied\nno files are open\n`,
    }),
  });
  await mkdir(join(root, "homes/bob"));
  const refusals = await storage.assign([
    { kind: "assign", home: "ada", projectId: 1 },
    { kind: "assign", home: "bob", projectId: 2 },
  ]);
  t.deepEqual([...refusals], [["ada", `${root}/homes/ada: Permission denied`]]);
});

test("a file in the tree that keeps another id refuses the home", async (t) => {
  const { root, storage } = await prepare(t, {
    xfs_io: () => ok("projid = 1\n"),
    xfs_quota: (argv) =>
      argv.some((word) => word.startsWith("project -c"))
        ? ok("Checking project 1\n/x/file - project identifier is not set (inode=0, tree=1)\n")
        : ok(),
  });
  await mkdir(join(root, "homes/ada"));
  await writeFile(join(root, "homes/ada/file"), "");
  const refusals = await storage.assign([{ kind: "assign", home: "ada", projectId: 1 }]);
  t.regex(refusals.get("ada") ?? "", /1 files in it refused: .*file - project identifier/);
});

test("1,200 limits are three processes", async (t) => {
  const { ran, storage } = await prepare(t, { xfs_quota: () => ok() });
  const limits = Array.from({ length: 1200 }, (_, index) => ({
    kind: "limit" as const,
    home: `home-${index}`,
    projectId: index + 1,
    hardKiB: 100,
    hardFiles: 10,
  }));
  t.deepEqual([...(await storage.limit(limits))], []);
  t.is(ran.length, 3);
});

test("of a batch of limits that failed only what is not in force is refused", async (t) => {
  const { storage } = await prepare(t, {
    xfs_quota: (argv) =>
      argv.some((word) => word.startsWith("limit"))
        ? { code: 1, stdout: "", stderr: "xfs_quota: cannot set limits: No space left on device" }
        : ok("#7 0 0 100 00 [--------] 0 0 10 00 [--------]\n"),
  });
  const limits = ["ada", "bob"].map((home, index) => ({
    kind: "limit" as const,
    home,
    projectId: 7 + index,
    hardKiB: 100,
    hardFiles: 10,
  }));
  t.deepEqual(
    [...(await storage.limit(limits))],
    [["bob", "xfs_quota: cannot set limits: No space left on device"]],
  );
});

test("the folder of the homes gets its id without a mark, and what is in it is left alone", async (t) => {
  const { root, ran, storage } = await prepare(t, { xfs_io: () => ok("projid = 9\n") });
  await mkdir(join(root, "homes/ada"));
  t.is((await storage.assign([{ kind: "assign", home: ".", projectId: 9 }])).size, 0);
  t.deepEqual(readdirSync(join(root, "pending")), []);
  t.is(ran.length, 1);
});

test("limits are cleared in one process, and none is asked for nothing", async (t) => {
  const { root, ran, storage } = await prepare(t, { xfs_quota: () => ok() });
  await storage.clear([]);
  await storage.clear([4, 9]);
  t.deepEqual(
    ran.map((command) => command.replaceAll(root, "")),
    [
      "xfs_quota -x -D /dev/null -P /dev/null -c limit -p bhard=0k ihard=0 4 -c limit -p bhard=0k ihard=0 9 ",
    ],
  );
});

test("a mark that is gone already is no error", async (t) => {
  const { storage } = await prepare(t, {});
  await t.notThrowsAsync(storage.unmark("ada"));
});
