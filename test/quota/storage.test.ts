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

/** A temporary storage folder; `answers` has the output by program, and every other command fails the test. */
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
    if (answer === undefined) throw new Error(`unexpected command: ${argv.join(" ")}`);
    return answer(argv);
  };
  let now = 0;
  const knownState = createKnownState(
    () => fullScan(root, run),
    () => {},
    () => now,
  );
  const storage = createStorage(root, run, knownState);
  /** An inspection after a full scan was taken in. */
  const inspectAll = async () => {
    now += 3_600_000;
    await storage.inspect();
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    ran.splice(0);
    return storage.inspect();
  };
  return { root, ran, storage, inspectAll };
};

const noAccounts = () =>
  ok(["#0", "#7"].map((id) => `${id} 0 0 0 00 [--------] 1 0 0 00 [--------]\n`).join(""));

/** Prints what lsattr prints for a folder's children (-pa) or for paths (-pd); a name that is not in `ids` has no line. */
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

test("an inspection costs two commands, and ignores what cannot be a home", async (t) => {
  const { root, ran, inspectAll } = await prepare(t, {
    lsattr: listing({ ".": 7, "..": 0, ada: 12, link: 9 }),
    xfs_quota: () => ok("#12 4 0 20480 00 [--------] 3 0 10 00 [--------]\n"),
  });
  await mkdir(join(root, "homes/ada"));
  for (const name of ["-rf", ".hidden", "ada\nx", "lost+found"])
    await mkdir(join(root, "homes", name));
  await mkdir(Buffer.concat([Buffer.from(`${root}/homes/bad`), Buffer.from([0xff])]));
  await symlink("/", join(root, "homes/link"));
  await writeFile(join(root, "homes/file"), "");
  const seen = await inspectAll();
  t.deepEqual(
    ran.map((command) => command.replaceAll(root, "")),
    [
      "lsattr -pd /homes/.",
      "xfs_quota -x -D /dev/null -P /dev/null -c report -p -n -N -b -i -L 7 -U 7 ",
    ],
  );
  t.deepEqual(seen.homes, [
    { name: "ada", projectId: 12, inherits: true, isPending: false, treeHasId: true, createdAt: 0 },
  ]);
  t.deepEqual(seen.parent, { projectId: 7, inherits: true });
  t.deepEqual(seen.accounts.get(12), { usedKiB: 4, hardKiB: 20480, usedFiles: 3, hardFiles: 10 });
  t.deepEqual(seen.unreadable, []);
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

test("the tree of a pending home has its id when it is empty or was assigned", async (t) => {
  const ids = { empty: 1, full: 2, covered: 3 };
  const { root, storage } = await prepare(t, { lsattr: listing(ids), xfs_quota: noAccounts });
  for (const name of Object.keys(ids)) {
    await mkdir(join(root, "homes", name));
    await writeFile(join(root, "pending", name), "");
    if (name !== "empty") await writeFile(join(root, "homes", name, "file"), "");
  }
  const withTreeId = ({ homes }: Inspection) =>
    homes.flatMap((home) => (home.treeHasId ? [home.name] : []));
  const before = await storage.inspect();
  t.deepEqual(withTreeId(before), ["empty"]);
  const covered = new Set(["covered"]);
  const after = await storage.inspect({ before, changed: [], covered });
  t.deepEqual(withTreeId(after).toSorted(), ["covered", "empty"]);
});

test("a second inspection reads only changed homes, forgets missing ones, and is behind when new ones appeared", async (t) => {
  const ids: Record<string, number> = { ada: 0, bob: 0, cleo: 0 };
  const { root, ran, storage, inspectAll } = await prepare(t, {
    lsattr: listing(ids),
    xfs_quota: noAccounts,
  });
  for (const name of ["ada", "bob", "cleo"]) await mkdir(join(root, "homes", name));
  const before = await inspectAll();
  await mkdir(join(root, "homes/dora"));
  await rmdir(join(root, "homes/cleo"));
  for (const name of Object.keys(ids)) ids[name] = 5;
  const after = await storage.inspect({ before, changed: ["ada"], covered: new Set() });
  t.deepEqual(after.homes.map(({ name, projectId }) => `${name} ${projectId}`).toSorted(), [
    "ada 5",
    "bob 0",
  ]);
  t.deepEqual([before.isBehind, after.isBehind, after.unreadable], [false, true, []]);
  t.true(ran.includes(`lsattr -pd ${root}/homes/. ${root}/homes/ada`));
});

test("a home that was created again during a pass is not taken for the old one", async (t) => {
  const ids: Record<string, number> = { ada: 1 };
  const { root, storage, inspectAll } = await prepare(t, {
    lsattr: listing(ids),
    xfs_quota: noAccounts,
  });
  await mkdir(join(root, "homes/ada"));
  const before = await inspectAll();
  ids["ada"] = 0;
  await writeFile(join(root, "pending/ada"), "");
  const after = await storage.inspect({ before, changed: [], covered: new Set() });
  t.deepEqual(
    after.homes.map(({ projectId, isPending }) => [projectId, isPending]),
    [[0, true]],
  );
});

test("creation times are read only for homes that share an id", async (t) => {
  const { root, inspectAll } = await prepare(t, {
    lsattr: listing({ ada: 3, bob: 3, cleo: 4 }),
    xfs_quota: noAccounts,
  });
  for (const name of ["ada", "bob", "cleo"]) await mkdir(join(root, "homes", name));
  const { homes } = await inspectAll();
  t.deepEqual(Object.fromEntries(homes.map(({ name, createdAt }) => [name, createdAt > 0])), {
    ada: true,
    bob: true,
    cleo: false,
  });
});

test("a home whose attributes are unreadable is named, one that disappeared is not", async (t) => {
  const { root, inspectAll } = await prepare(t, {
    lsattr: (argv) => {
      if (argv.includes(`${root}/homes/bob`)) rmdirSync(join(root, "homes/bob"));
      return listing({})(argv);
    },
    xfs_quota: noAccounts,
  });
  for (const name of ["ada", "bob"]) await mkdir(join(root, "homes", name));
  const seen = await inspectAll();
  t.deepEqual([seen.unreadable, seen.homes, seen.count], [["ada"], [], 2]);
});

test("a new home is inspected during a full scan, and keeps its newer state afterwards", async (t) => {
  let endScan = () => {};
  const scanned = new Promise<void>((resolve) => (endScan = resolve));
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
    () => scanned.then(() => ({ attributes: stale, accounts: new Map() })),
    () => {},
    () => 0,
  );
  const storage = createStorage(root, run, knownState);
  const names = ({ homes }: Inspection) =>
    homes.map(({ name, projectId }) => `${name} ${projectId}`).toSorted();
  const first = await storage.inspect();
  t.deepEqual([names(first), first.isComplete, first.count], [["bob 7"], false, 2]);
  ids["bob"] = 8;
  await storage.inspect({ before: first, changed: ["bob"], covered: new Set() });
  await mkdir(join(root, "homes/cleo"));
  ids["cleo"] = 7;
  endScan();
  await new Promise(setImmediate);
  const whole = await storage.inspect();
  t.deepEqual([names(whole), whole.isComplete], [["ada 3", "bob 8", "cleo 7"], true]);
});

test("of a burst an inspection reads a thousand, pending ones first, and is behind", async (t) => {
  const { root, ran, storage, inspectAll } = await prepare(t, {
    lsattr: listing({ zoe: 1 }),
    xfs_quota: noAccounts,
  });
  await inspectAll();
  ran.splice(0);
  await Promise.all(
    Array.from({ length: 1100 }, (_, index) => mkdir(join(root, `homes/h${index}`))),
  );
  await mkdir(join(root, "homes/zoe"));
  await writeFile(join(root, "pending/zoe"), "");
  const seen = await storage.inspect();
  t.true(seen.isBehind);
  t.deepEqual(
    seen.homes.map(({ name }) => name),
    ["zoe"],
  );
  t.is(seen.unreadable.length, 999);
  t.deepEqual(ran.map((command) => command.split(" ")[0] ?? "").toSorted(), [
    "lsattr",
    "lsattr",
    "lsattr",
    "xfs_quota",
  ]);
});

test("a command that fails is named with its output", async (t) => {
  const { storage } = await prepare(t, {
    lsattr: listing({}),
    xfs_quota: () => ({ code: 1, stdout: "", stderr: "xfs_quota: cannot find mount point\n" }),
  });
  await t.throwsAsync(storage.inspect(), {
    message: /`xfs_quota .*report.*` ended with 1: xfs_quota: cannot find mount point/,
  });
});

test("a report without any account is an error, not a storage without limits", async (t) => {
  const { storage } = await prepare(t, { lsattr: listing({}), xfs_quota: () => ok() });
  await t.throwsAsync(storage.inspect(), { message: /no project's account/ });
});

test("a parent folder that cannot be read is an error, in an inspection and in a full scan", async (t) => {
  const failed = { code: 1, stdout: "", stderr: "lsattr: Input/output error\n" };
  const { storage } = await prepare(t, { lsattr: () => failed, xfs_quota: noAccounts });
  await t.throwsAsync(storage.inspect(), { message: /prints nothing about .*homes/ });
  await t.throwsAsync(storage.inspect(), {
    message: /`lsattr -pa .*ended with 1: .*Input\/output error/,
  });
});

test("new homes get pending markers first and their ids in one process; only trees with content are changed", async (t) => {
  let markers: string[] = [];
  const { root, ran, storage } = await prepare(t, {
    xfs_io: () => {
      markers = readdirSync(join(root, "pending"));
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
  t.deepEqual(markers.toSorted(), ["empty", "full"]);
  t.deepEqual(
    ran.map((command) => command.replaceAll(root, "")),
    [
      "xfs_io -c open -r /homes/empty -c chproj 1 -c chattr +P -c lsproj -c close -c open -r /homes/full -c chproj 2 -c chattr +P -c lsproj -c close",
      "xfs_quota -x -D /dev/null -P /dev/null -c project -s -p /homes/full 2 ",
      "xfs_quota -x -D /dev/null -P /dev/null -c project -c -p /homes/full 2 ",
    ],
  );
});

test("a marker that cannot be created refuses that home alone", async (t) => {
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

test("a folder that did not take its id is refused with the line of output that names it", async (t) => {
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

test("1,200 limits take three processes", async (t) => {
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

test("of several limits that failed together only those that are not in force are refused", async (t) => {
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

test("the parent folder gets its id without a marker, and its tree stays unchanged", async (t) => {
  const { root, ran, storage } = await prepare(t, { xfs_io: () => ok("projid = 9\n") });
  await mkdir(join(root, "homes/ada"));
  t.is((await storage.assign([{ kind: "assign", home: ".", projectId: 9 }])).size, 0);
  t.deepEqual(readdirSync(join(root, "pending")), []);
  t.is(ran.length, 1);
});

test("limits are cleared in one process, and without ids no process starts", async (t) => {
  const { root, ran, storage } = await prepare(t, { xfs_quota: () => ok() });
  await storage.clearLimits([]);
  await storage.clearLimits([4, 9]);
  t.deepEqual(
    ran.map((command) => command.replaceAll(root, "")),
    [
      "xfs_quota -x -D /dev/null -P /dev/null -c limit -p bhard=0k ihard=0 4 -c limit -p bhard=0k ihard=0 9 ",
    ],
  );
});

test("removing a marker that does not exist is no error", async (t) => {
  const { storage } = await prepare(t, {});
  await t.notThrowsAsync(storage.removeMarker("ada"));
});
