import { chmod, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { handOutIn } from "../../src/commands/handout.js";
import { handoutName, readHandout } from "../../src/commands/handout/files.js";
import { recipientsOf } from "../../src/commands/handout/recipients.js";
import { exitCode } from "../../src/errors.js";
import { homeNamesOf } from "../../src/names.js";
import { fakeCluster, fakeHost, userError } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { githubTeams } from "./support/github-teams.js";
import { type ClassWithHomes, classWithHomes, contentOf } from "./support/class-with-homes.js";

const { signal } = new AbortController();
const options = { json: false, dryRun: false };

/** A teacher's folder "week2" with these files. */
const lesson = async (files: Record<string, string>): Promise<string> => {
  const path = join(temporaryFolder(), "week2");
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(path, name, ".."), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return path;
};

const handOut = async (
  { cluster, terminal, printed }: ClassWithHomes,
  path: string,
  changes: Partial<Parameters<typeof handOutIn>[2]> & { takeBack?: boolean } = {},
): Promise<string> => {
  printed.length = 0;
  const sent = changes.takeBack === true ? undefined : await readHandout(path);
  await handOutIn(cluster, sent, { ...options, path, ...changes }, terminal, signal);
  return printed.join("\n");
};

test("a folder goes into all homes, and is handed out again without loss", async (t) => {
  const room = await classWithHomes(t, ["ada", "bob", "carol"]);
  const homes = join(room.folder, "homes");
  const first = await lesson({ "lab1.ipynb": "1", "data/rain.csv": "7", ".git/config": "x" });
  const dry = await handOut(room, first, { dryRun: true });
  t.is(dry, "USER   NEW  NOTE\nada      2\nbob      2\ncarol    2\nweek2, version 1: 3 homes");
  t.deepEqual(await contentOf(homes), {}, "a dry run changes nothing");
  t.is(await handOut(room, first), dry, "and is true");
  t.deepEqual(Object.keys(await contentOf(homes)), [
    "ada/week2/data/rain.csv",
    "ada/week2/lab1.ipynb",
    "bob/week2/data/rain.csv",
    "bob/week2/lab1.ipynb",
    "carol/week2/data/rain.csv",
    "carol/week2/lab1.ipynb",
  ]);
  await room.write({ "homes/ada/week2/lab1.ipynb": "mine" });
  await rm(join(homes, "bob/week2/lab1.ipynb"));
  t.is(
    await handOut(room, await lesson({ "lab1.ipynb": "2", "data/rain.csv": "7" })),
    `USER   REPLACED  BESIDE  AS BEFORE  LEFT  NOTE
ada           0       1          1     0  week2/lab1.ipynb was changed; new beside it: week2/lab1 (new 2).ipynb
bob           0       0          1     1  week2/lab1.ipynb was removed by the user
carol         1       0          1     0
week2, version 2: 3 homes`,
  );
  const { "ada/week2/lab1.ipynb": ada, "carol/week2/lab1.ipynb": carol } = await contentOf(homes);
  t.deepEqual([ada, carol], ["mine", "2"]);
  t.regex(await handOut(room, "week2", { takeBack: true }), /^USER +TAKEN +LEFT +NOTE\nada +2 +1 /);
  t.deepEqual(await contentOf(homes), { "ada/week2/lab1.ipynb": "mine" });
  const { message } = await userError(handOut(room, "week2", { takeBack: true }));
  t.regex(message, /nothing with the name "week2" was handed out/);
});

test("a home that fails is named with its reason, and the others get their files", async (t) => {
  const room = await classWithHomes(t, ["ada", "bob"]);
  const path = await lesson({ "lab1.ipynb": "1" });
  await rm(join(room.folder, "homes/bob"), { recursive: true });
  await writeFile(join(room.folder, "homes/bob"), "");
  await room.write({ "pending/ada": "" });
  t.regex(await handOut(room, path), /^ada +has no quota yet/m);
  await rm(join(room.folder, "pending/ada"));
  t.regex(await handOut(room, path), /^ada +1$/m);
});

test("JSON has a row for each home, and nothing else is printed", async (t) => {
  const room = await classWithHomes(t, ["ada", "bob"]);
  const path = await lesson({ "lab1.ipynb": "1" });
  const text = await handOut(room, path, { json: true, to: ["bob"] });
  t.deepEqual(JSON.parse(text), {
    name: "week2",
    version: 1,
    dryRun: false,
    to: ["bob"],
    groups: [],
    homes: [{ user: "bob", home: "bob", counts: { place: 1 }, files: [], beside: [] }],
  });
});

test("recipients are groups, users with a home, and users of the configuration; a slip is refused", async (t) => {
  const homes = ["ada", "bob"].map((name) => ({ name, user: name }));
  const { login } = fakeCluster(fakeHost("node1")).config;
  const withGroups = { ...login, admins: ["dora"], groups: { a: ["ada", "late"] } };
  t.deepEqual(recipientsOf(withGroups, homes, []), { to: null, groups: [], homes });
  t.deepEqual(recipientsOf(withGroups, homes, ["a", "dora"]), {
    to: ["ada", "dora", "late"],
    groups: ["a"],
    homes: [homes[0]],
  });
  const error = await userError(
    Promise.resolve().then(() => recipientsOf(withGroups, homes, ["bop"])),
  );
  t.regex(error.message, /"bop" has no home and is no group; did you mean bob\?/);
  t.regex(error.hint ?? "", /^its groups are a; to list all homes, type: swarmhub homes ls$/);
});

test("a group that the provider names gets it now, its later members at their start, and nobody else", async (t) => {
  const told = { "uni:geo": ["ada", "Jürgen", "late"], staff: ["carol"] };
  const groups = { staff: ["tess"] };
  const room = await classWithHomes(
    t,
    ["ada", "bob", "carol"],
    { method: githubTeams, groups },
    told,
  );
  const path = await lesson({ "lab1.ipynb": "1" });
  const text = await handOut(room, path, { json: true, to: ["uni:geo"] });
  const answer = JSON.parse(text) as { to: string[]; groups: string[]; homes: { home: string }[] };
  t.deepEqual(
    answer.homes.map(({ home }) => home),
    ["ada"],
  );
  t.deepEqual(answer.groups, ["uni:geo"]);
  t.deepEqual(answer.to, [...homeNamesOf("Jürgen"), "ada", "late"].toSorted());
  const note = await readFile(join(room.folder, "handouts/sent/week2/1/note.json"), "utf8");
  t.deepEqual((JSON.parse(note) as { groups: string[] }).groups, ["uni:geo"]);
  t.true(
    room.events.some(
      (event) =>
        event.type === "note" &&
        event.text ===
          "those of them who have no home yet, and later members of uni:geo, get it when their servers start",
    ),
  );
  t.regex(await handOut(room, path, { to: ["staff", "bob"], dryRun: true }), /^bob +1\ncarol +1$/m);
  t.regex(
    await handOut(room, "week2", { to: ["uni:geo"], takeBack: true, dryRun: true }),
    /^ada +1$/m,
  );
  const error = await userError(handOut(room, path, { to: ["uni:goe"] }));
  t.regex(error.message, /"uni:goe" has no home and is no group/);
  t.regex(
    error.hint ?? "",
    /^its groups are staff; another group of GitHub is known from the first login of a member on, or with a line in swarmhub.yaml: login: \{groups: \{NAME: \[\]\}\};/,
  );
});

test("a name from macOS becomes the one that people type", async (t) => {
  const folder = await lesson({ "U\u0308bung 1/Lo\u0308sung.txt": "a", "U\u0308bung.txt": "b" });
  const paths = async (name: string) =>
    (await readHandout(join(folder, name))).files.map((each) => each.path);
  t.deepEqual(await paths("U\u0308bung 1"), ["\u00dcbung 1/L\u00f6sung.txt"]);
  t.deepEqual(await paths("U\u0308bung.txt"), ["\u00dcbung.txt"]);
});

test("a folder with links, without files, too large or missing is refused before any machine is asked", async (t) => {
  const empty = await lesson({ ".hidden": "x" });
  const linked = await lesson({ "a.txt": "a" });
  await symlink("/etc/passwd", join(linked, "link"));
  const control = await lesson({ "a\nb": "a" });
  const colon = await lesson({ "lab 1: intro.ipynb": "{}" });
  for (const [path, text] of [
    [empty, /has no files to hand out/],
    [linked, /link cannot be handed out: it is a link/],
    [control, /control characters/],
    [
      colon,
      /lab 1: intro.ipynb cannot be handed out: not every machine can have a file of this name/,
    ],
    [join(colon, "lab 1: intro.ipynb"), /not every machine can have a file of this name/],
    [`${empty}/missing`, /there is no file or folder/],
  ] as const) {
    const { message, code, hint } = await userError(readHandout(path));
    t.regex(message, text);
    t.is(code, exitCode.usage);
    t.truthy(hint);
  }
  for (const path of ["/", ".hidden", `/tmp/${"x".repeat(201)}`])
    t.throws(() => handoutName(path), { message: /cannot be handed out/ });
});

test("a single file keeps its name, and a program stays one", async (t) => {
  const folder = await lesson({ "run.sh": "#!/bin/sh\n", "other.txt": "" });
  await chmod(join(folder, "run.sh"), 0o755);
  const { name, files } = await readHandout(join(folder, "run.sh"));
  t.is(name, "run.sh");
  t.deepEqual(
    files.map(({ path, executable }) => [path, executable]),
    [["run.sh", true]],
  );
});

test("with temporary homes nothing can be handed out, and the error says why", async (t) => {
  const cluster = fakeCluster(fakeHost("node1"), [], {
    config: { storage: { kind: "temporary" } },
  });
  const { terminal } = await classWithHomes(t, []);
  const run = handOutIn(cluster, undefined, { ...options, path: "week2" }, terminal, signal);
  const { message, hint } = await userError(run);
  t.regex(message, /temporary.*no files can be handed out; this needs homes on a disk/);
  t.regex(hint ?? "", /swarmhub up/);
});

test("a hub that does not run or is older is named with the command to type", async (t) => {
  const room = await classWithHomes(t, ["ada"]);
  const path = await lesson({ "lab1.ipynb": "1" });
  await rm(join(room.folder, "handouts"), { recursive: true });
  const missing = await userError(handOut(room, path));
  t.regex(missing.message, /the folder `handouts` is missing/);
  t.regex(missing.hint ?? "", /swarmhub up/);
  Object.assign(room.host, { docker: { listContainers: async () => [] } });
  t.regex((await userError(handOut(room, path))).message, /the hub does not run/);
});
