import { mkdir, readFile, readdir, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import test from "ava";
import { pack } from "tar-stream";
import { collectFrom, pathInHomes, studentsOf } from "../../src/commands/collect.js";
import { assignmentOf, openCollected, studentOf } from "../../src/commands/collect/folder.js";
import { unpack } from "../../src/commands/collect/unpack.js";
import { handOutIn } from "../../src/commands/handout.js";
import { readHandout } from "../../src/commands/handout/files.js";
import { fakeConfig, userError } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { githubTeams } from "./support/github-teams.js";
import { type ClassWithHomes, classWithHomes, contentOf } from "./support/class-with-homes.js";

const collect = async (
  { cluster, terminal, printed }: ClassWithHomes,
  path: string,
  to: string,
  max = 2 ** 20,
): Promise<string> => {
  printed.length = 0;
  await collectFrom(cluster, { path, to, max, json: false }, terminal);
  return printed
    .join("\n")
    .replaceAll(to, "TO")
    .replaceAll(/ +/g, " ")
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, "NOW");
};

test("the work of a class is collected in nbgrader's layout, and the next time only what changed", async (t) => {
  const login = { teachers: ["tess"], groups: { all: ["ada", "late"] } };
  const room = await classWithHomes(t, ["ada", "bob", "carol", "dora", "eve", "tess"], login);
  const to = join(temporaryFolder(), "collected");
  const lesson = join(temporaryFolder(), "hw1.ipynb");
  await room.write({ "lesson/hw1.ipynb": "{}" });
  const sent = await readHandout(join(room.folder, "lesson/hw1.ipynb"));
  const { signal } = new AbortController();
  const options = { path: lesson, dryRun: false, json: false };
  await handOutIn(room.cluster, sent, options, room.terminal, signal);
  await room.write({
    "homes/ada/hw1.ipynb": '{"work": "of ada"}',
    "homes/bob/hw1.ipynb": '{"work": "of bob"}',
    "homes/tess/hw1.ipynb": '{"work": "the solution"}',
  });
  await rm(join(room.folder, "homes/dora/hw1.ipynb"));
  await rm(join(room.folder, "homes/eve/hw1.ipynb"));
  await symlink("/etc/passwd", join(room.folder, "homes/eve/hw1.ipynb"));
  t.is(
    await collect(room, "hw1.ipynb", to),
    `USER STATE LAST CHANGE SIZE COPY NOTE
ada changed NOW 18 B new
bob changed NOW 18 B new
carol untouched - - -
dora missing - - -
eve unreadable - - - it is a link
late missing - - - has never started a server
2 changed (2 new), 1 untouched, 2 missing, 1 unreadable → TO/submitted/*/hw1`,
  );
  const submitted = join(to, "submitted");
  const files = await contentOf(submitted);
  t.deepEqual(Object.keys(files), [
    "ada/hw1/hw1.ipynb",
    "ada/hw1/timestamp.txt",
    "bob/hw1/hw1.ipynb",
    "bob/hw1/timestamp.txt",
  ]);
  t.regex(files["ada/hw1/timestamp.txt"] ?? "", /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC\n$/);
  const before = await stat(join(submitted, "ada/hw1"));
  await room.write({ "homes/bob/hw1.ipynb": '{"work": "more of bob"}' });
  t.regex(await collect(room, "hw1.ipynb", to), /^2 changed \(1 updated, 1 as before\)/m);
  t.is((await stat(join(submitted, "ada/hw1"))).ino, before.ino, "it was not copied again");
  t.regex(await readFile(join(submitted, "bob/hw1/hw1.ipynb"), "utf8"), /more of bob/);
  const [time = ""] = await readdir(join(to, "earlier"));
  t.regex(time, /^\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\dZ$/);
  t.regex(await readFile(join(to, "earlier", time, "bob/hw1/hw1.ipynb"), "utf8"), /"of bob"/);
  await rm(join(submitted, "ada"), { recursive: true });
  t.regex(await collect(room, "hw1.ipynb", to), /^2 changed \(1 new, 1 as before\)/m);
  t.deepEqual(
    await readdir(to).then((names) => names.filter((name) => name.startsWith(".part"))),
    [],
  );
  const mixed = await userError(collect(room, "week2/hw1.ipynb", to));
  t.regex(mixed.message, /has hw1\.ipynb as hw1 already/);
});

test("work above the limit is named and not copied", async (t) => {
  const room = await classWithHomes(t, ["ada"]);
  await room.write({ "homes/ada/hw1/a.ipynb": "{}", "homes/ada/hw1/b.bin": "x".repeat(2000) });
  const to = temporaryFolder();
  t.regex(await collect(room, "hw1", to, 1000), /ada +changed.* without 1 file above the limit/);
  t.regex(await collect(room, "hw1/b.bin", to, 1000), /ada +too large/);
  t.deepEqual(await readdir(join(to, "submitted/ada")), ["hw1"]);
});

test("an archive with names that leave the folder, links, or more than was asked for is refused", async (t) => {
  const limits = { homes: new Set(["ada"]), bytes: 100 };
  const attempts: [string, object?][] = [
    ["ada/../../x"],
    ["/etc/x"],
    ["bob/x"],
    ["ada"],
    ["ada/.bashrc"],
    ["ada/a\nb"],
    ["ada/a\\b"],
    ["ada/link", { type: "symlink", linkname: "/etc/passwd" }],
    ["ada/device", { type: "character-device" }],
    ["ada/large", { size: 101 }],
  ];
  for (const [name, header] of attempts) {
    const folder = temporaryFolder();
    const archive = pack();
    const entry = { name, ...header };
    archive.entry(entry, "size" in entry ? "x".repeat(101) : "");
    archive.entry({ name: "result.json" }, "{}");
    archive.finalize();
    const { into, done } = unpack(folder, limits);
    into.on("error", () => {});
    (archive as unknown as NodeJS.ReadableStream).pipe(into);
    t.regex((await userError(done)).message, /not as expected/, name);
    t.deepEqual(await contentOf(folder), {});
  }
  const { into, done } = unpack(temporaryFolder(), limits);
  into.end();
  t.regex((await userError(done)).message, /the connection ended/);
});

test("a student's folder has a name that every file system can have, and never that of another student", (t) => {
  const names = ["ada", "grace@example.org", "Ada", "../x", "a\nb", "名前", "x.", ".x", ""];
  t.deepEqual(
    names.map((user) => studentOf({ name: "home", user })),
    ["ada", "grace@example.org", ...Array<string>(7).fill("home")],
  );
  t.is(studentOf({ name: "home", user: undefined }), "home");
});

test("of two homes with one owner, each has a folder of its own", async (t) => {
  const to = temporaryFolder();
  const homes = ["ada", "ada-before"].map((name) => ({ name, user: "ada" }));
  const { part, place, close } = await openCollected(to, "hw1.ipynb", homes);
  const rows = await Promise.all(
    homes.map(async ({ name }) => {
      await mkdir(join(part, name));
      await writeFile(join(part, name, "hw1.ipynb"), name);
      return {
        home: name,
        what: "changed" as const,
        why: "",
        changedAt: 0,
        files: 1,
        size: 3,
        leftOut: 0,
        tooLarge: 0,
        state: "1",
        isKnown: false,
      };
    }),
  );
  const placed = await place(rows, homes, new Date());
  await close();
  t.deepEqual([...placed.values()], ["new", "new"]);
  for (const { name } of homes)
    t.is(await readFile(join(to, "submitted", name, "hw1/hw1.ipynb"), "utf8"), name);
});

test("what a collection that was killed has left is removed an hour later, and not what comes just now", async (t) => {
  const to = temporaryFolder();
  for (const name of [".part-killed", ".part-now"])
    await mkdir(join(to, name, "ada"), { recursive: true });
  const before = new Date(Date.now() - 3_700_000);
  await utimes(join(to, ".part-killed"), before, before);
  const { part, close } = await openCollected(to, "hw1.ipynb", []);
  t.deepEqual((await readdir(to)).toSorted(), [".part-now", basename(part)].toSorted());
  await close();
  t.deepEqual(await readdir(to), [".part-now"]);
});

test("the assignment has the name of the file or folder, and a path must be visible and inside the home", (t) => {
  t.deepEqual(["hw1.ipynb", "week2/hw1.ipynb", "hw1"].map(assignmentOf), ["hw1", "hw1", "hw1"]);
  t.is(pathInHomes("./week2/hw1/"), "week2/hw1");
  t.is(pathInHomes("U\u0308bung.ipynb"), "\u00dcbung.ipynb");
  for (const path of ["..", "../x", "/etc", "a//b", ".ssh/id", "", "a\nb"])
    t.throws(() => pathInHomes(path), { message: /is not the path of a visible/ }, path);
});

test("teachers and admins are no students, and a member of a group without a home is missing", (t) => {
  const { login } = fakeConfig();
  const homes = ["ada", "tess", "bob"].map((name) => ({ name, user: name }));
  const { missing, teachers, ...rest } = studentsOf(
    { ...login, teachers: ["tess"], groups: { a: ["bob", "late"], b: ["tess", "late"] } },
    homes,
  );
  t.deepEqual(
    rest.homes.map(({ name }) => name),
    ["bob"],
  );
  t.deepEqual([missing, teachers], [["late"], ["ada", "tess"]]);
});

test("somebody whom the provider put into a group of the class, and who never started a server, is missing", async (t) => {
  const login = { method: githubTeams, allow: { groups: ["uni:geo"] } };
  const told = { "uni:geo": ["ada", "late"], "uni:else": ["stranger"] };
  const room = await classWithHomes(t, ["ada"], login, told);
  t.regex(
    await collect(room, "hw1.ipynb", join(temporaryFolder(), "collected")),
    /^ada missing - - -\nlate missing - - - has never started a server\n0 changed, 2 missing/m,
  );
});
