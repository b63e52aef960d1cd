import { execFileSync } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { sharedHome } from "../../../contracts/storage-folders.js";
import { archiveHomes } from "../../../src/commands/homes/archive.js";
import type { Person } from "../../../src/config/types.js";
import { UserError, exitCode } from "../../../src/errors.js";
import { slugOf } from "../../../src/names.js";
import { fakeFacts, userError } from "../../support/fakes.js";
import { temporaryFolder } from "../../support/temporary-folder.js";
import { type ClassWithHomes, classWithHomes } from "../support/class-with-homes.js";

const { signal } = new AbortController();
const mail = "grace@example.org";
const onRoster = (...names: string[]): Person[] =>
  names.map((name) => ({ name, shown: name, groups: [] }));

/** Homes of ada (admin), bob, tess (teacher) and somebody with an e-mail address, a shared folder, and a home without a note. */
const classOf = async (t: ExecutionContext, people: Person[] | UserError) => {
  const room = await classWithHomes(t, ["ada", "bob", "carol", "tess"], {
    admins: ["ada"],
    teachers: ["tess"],
    roster: { file: "students.csv", folder: "." },
    people,
  });
  for (const home of [slugOf(mail), sharedHome, "noteless"])
    await mkdir(join(room.folder, "homes", home));
  await room.write({
    [`owners/${slugOf(mail)}`]: JSON.stringify({ user: mail }),
    "homes/bob/work.txt": "of bob",
  });
  // No server of a user runs.
  Object.assign(room.host, { facts: async () => fakeFacts({ units: {} }) });
  return room;
};

const archive = async (
  { cluster, terminal, printed }: ClassWithHomes,
  options: { users?: string[]; removed?: boolean; to: string },
): Promise<string[]> => {
  printed.length = 0;
  const all = { users: [], removed: false, json: false, ...options };
  await archiveHomes(cluster, all, terminal, signal);
  return printed.map((line) => line.replace(options.to, "TO").replace(/ +\d.*/, ""));
};

test("the homes of everybody who was removed from the roster are archived together, and no others", async (t) => {
  const room = await classOf(t, onRoster("carol"));
  const to = temporaryFolder();
  const names = ["bob", slugOf(mail), "noteless"].map((name) => `${name}.tar.gz`).toSorted();
  t.deepEqual(
    (await archive(room, { removed: true, to })).toSorted(),
    names.map((name) => `TO/${name}`),
  );
  t.deepEqual((await readdir(to)).toSorted(), names);
  const bob = execFileSync("tar", ["-xzOf", join(to, "bob.tar.gz"), "bob/work.txt"]);
  t.is(bob.toString(), "of bob");
});

test("if one of the archives exists already, none is written", async (t) => {
  const room = await classOf(t, onRoster("carol"));
  const to = temporaryFolder();
  await writeFile(join(to, "noteless.tar.gz"), "precious");
  const { message } = await userError(archive(room, { removed: true, to }));
  t.regex(message, /noteless\.tar\.gz already exists/);
  t.deepEqual(await readdir(to), ["noteless.tar.gz"]);
});

test("where nobody was removed, it says so and writes nothing", async (t) => {
  const room = await classOf(t, onRoster("bob", "carol", "noteless", mail));
  const to = temporaryFolder();
  t.deepEqual(await archive(room, { removed: true, to }), []);
  t.deepEqual(await readdir(to), []);
  t.deepEqual(
    room.events.filter(({ type }) => type === "note"),
    [{ type: "note", text: "nobody who has a home was removed from the roster" }],
  );
});

test("without a roster, with one that cannot be read, and with users beside --removed nothing is archived", async (t) => {
  const to = temporaryFolder();
  const broken = await classOf(t, new UserError("students.csv: line 3 is empty"));
  const unread = await userError(archive(broken, { removed: true, to }));
  t.is(unread.message, "students.csv: line 3 is empty");
  const both = await userError(archive(broken, { users: ["bob"], removed: true, to }));
  t.is(both.code, exitCode.usage);
  const neither = await userError(archive(broken, { to }));
  t.regex(neither.hint ?? "", /swarmhub homes archive --removed/);
  delete broken.cluster.config.login.roster;
  const none = await userError(archive(broken, { removed: true, to }));
  t.regex(none.message, /has no roster/);
  t.deepEqual(await readdir(to), []);
});
