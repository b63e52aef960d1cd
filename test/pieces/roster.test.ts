import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { type RosterPerson, peopleIn, rosterText } from "../../contracts/roster.js";
import type { Config, Person } from "../../src/config/types.js";
import { CommandError, UnreachableError, UserError } from "../../src/errors.js";
import { paths } from "../../src/paths.js";
import { limits } from "../../src/pieces/quota/limits.js";
import { roster, rosterPiece } from "../../src/pieces/roster.js";
import { fakeCluster, fakeConfig, fakeFacts, fakeHost, userError } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const hash = "scrypt$16384$8$1$x$y";
const stored = (name: string, password: string | null = hash): RosterPerson => ({
  name,
  shown: name,
  groups: [],
  password,
});
const person = (name: string): Person => ({ name, shown: name, groups: [] });

/** A class whose manager has this roster and the files of a running class. */
const classWith = (
  people: Config["login"]["people"],
  present: RosterPerson[] | string | undefined,
  {
    kind = "passwords",
    hasClass = true,
  }: { kind?: "passwords" | "shared-password"; hasClass?: boolean } = {},
) => {
  const folder = temporaryFolder();
  const text = Array.isArray(present) ? rosterText({ people: present }) : (present ?? "");
  const files: Record<string, string> = hasClass
    ? { [paths.classNote]: "geo-101\n", [paths.hubConfiguration]: '{"roster": true}' }
    : {};
  const host = fakeHost("manager", {
    answers: [[`cat ${paths.roster}`, () => host.files.get(paths.roster) ?? text]],
    facts: fakeFacts({
      machineId: "manager",
      files,
      addresses: [{ device: "eth0", address: "10.77.0.11", prefix: 24, mtu: 1500 }],
      units: {},
    }),
  });
  const login: Config["login"] = {
    ...fakeConfig().login,
    method: kind === "passwords" ? { kind } : { kind, password: { kind: "generated" } },
    ...(people !== undefined && { roster: { file: join(folder, "s.csv"), folder }, people }),
  };
  return { host, folder, cluster: fakeCluster(host, [], { config: { login } }) };
};

const plan = async (cluster: ReturnType<typeof classWith>["cluster"], piece = roster) =>
  piece.plan(cluster.config, await piece.inspect(cluster), cluster);

test("a first roster is one step; it writes hashes to the manager and the passwords on slips only", async (t) => {
  const { host, folder, cluster } = classWith([person("ada"), person("bob")], undefined);
  const [step] = await plan(cluster);
  t.like(step, { title: "write /etc/swarmhub/roster.json", detail: "2 people" });
  t.is(step?.changes, undefined);
  const progress: string[] = [];
  const note = await step?.run((text) => progress.push(text));
  const slips = join(folder, "slips-geo-101.html");
  t.deepEqual(note, { note: `slips for 2 people: ${slips}` });
  t.is(progress.at(-1), "2 of 2 passwords");
  const written = host.files.get(paths.roster) ?? "";
  t.true(peopleIn(written)?.every(({ password }) => password?.startsWith("scrypt$16384$8$1$")));
  const page = readFileSync(slips, "utf8");
  t.true(page.includes("https://10.77.0.11</dd>"));
  const passwords = page.match(/[a-z]{4}(-[a-z]{4}){3}/g) ?? [];
  t.is(passwords.length, 2);
  for (const password of passwords)
    t.false([written, ...host.asked, JSON.stringify(note)].join("").includes(password));
  t.deepEqual(await plan(cluster), []);
});

test("later changes are a line for each, only new people get slips, and whoever stays keeps the password", async (t) => {
  const { host, folder, cluster } = classWith(
    [person("ada"), { ...person("carl"), groups: ["geo"] }],
    [stored("ada"), stored("bob")],
  );
  const [step] = await plan(cluster);
  t.is(step?.detail, "1 added, 1 removed, 1 new password");
  t.deepEqual(step?.changes, ["add carl, in geo", "remove bob; the home stays"]);
  t.is(step?.destroys, undefined);
  await step?.run(() => {});
  const people = peopleIn(host.files.get(paths.roster) ?? "");
  t.is(people?.[0]?.password, hash);
  t.is(readFileSync(join(folder, "slips-geo-101.html"), "utf8").match(/<article>/g)?.length, 1);
});

test("a reset makes a new password once", async (t) => {
  const { host, cluster } = classWith(
    [person("ada"), person("bob")],
    [stored("ada"), stored("bob")],
  );
  const piece = rosterPiece(new Set(["bob"]));
  const [step] = await plan(cluster, piece);
  t.deepEqual(step?.changes, ["make a new password for bob"]);
  await step?.run(() => {});
  const [ada, bob] = peopleIn(host.files.get(paths.roster) ?? "") ?? [];
  t.is(ada?.password, hash);
  t.not(bob?.password, hash);
  t.deepEqual(await plan(cluster, piece), []);
});

test("without personal passwords there are no slips", async (t) => {
  const { folder, host, cluster } = classWith([person("ada")], undefined, {
    kind: "shared-password",
  });
  const [step] = await plan(cluster);
  t.is(await step?.run(() => {}), undefined);
  t.deepEqual(peopleIn(host.files.get(paths.roster) ?? ""), [stored("ada", null)]);
  t.deepEqual(readdirSync(folder), []);
});

test("the operator is asked before many logins or passwords are lost", async (t) => {
  const many = Array.from({ length: 30 }, (_, at) => stored(`u${at}`));
  const destroys = async (...rest: Parameters<typeof classWith>) =>
    (await plan(classWith(...rest).cluster))[0]?.destroys;
  t.is(
    await destroys([person("u0")], many),
    "the logins of 29 of 30 people (u1, u2, u3, …), but no home",
  );
  t.is(
    await destroys(
      many.slice(4).map(({ name }) => person(name)),
      many,
    ),
    undefined,
  );
  t.is(
    await destroys([person("ada")], [stored("ada")], { kind: "shared-password" }),
    'the passwords of 1 person, since "login.passwords" is gone',
  );
  t.is(
    await destroys([person("ada")], "{"),
    "all passwords, since /etc/swarmhub/roster.json is damaged",
  );
});

test("slips of passwords that did not reach the manager are removed, but not after a lost connection", async (t) => {
  for (const [error, left] of [
    [new CommandError("manager", "write", { code: 1, stdout: "", stderr: "full" }), []],
    [new UnreachableError("manager", "lost"), ["slips-geo-101.html"]],
  ] as const) {
    const { host, folder, cluster } = classWith([person("ada")], undefined);
    const [step] = await plan(cluster);
    host.write = async () => {
      throw error;
    };
    await userError(step!.run(() => {}));
    t.deepEqual(readdirSync(folder), [...left]);
  }
});

test("an error in the roster stops `up`, and not `down`, which removes the file", async (t) => {
  const broken = classWith(new UserError("students.csv:2:1  is empty"), [stored("ada")]);
  t.regex((await userError(plan(broken.cluster))).message, /students\.csv:2:1/);
  const state = await roster.inspect(broken.cluster);
  t.is(roster.remove(state, broken.cluster)[0]?.title, "remove /etc/swarmhub/roster.json");
  const gone = classWith(undefined, [stored("ada")]);
  t.is((await plan(gone.cluster))[0]?.title, "remove /etc/swarmhub/roster.json");
});

test("the manager is not asked for a roster before there is a class", async (t) => {
  const { host, cluster } = classWith([person("ada")], undefined, { hasClass: false });
  t.is((await plan(cluster)).length, 1);
  t.deepEqual(host.asked, []);
});

test("the limits of homes alone are a piece for changes of the roster's groups", async (t) => {
  const { cluster } = classWith([person("ada")], []);
  const steps = limits.plan(cluster.config, await limits.inspect(cluster), cluster);
  t.deepEqual(
    steps.map(({ title }) => title),
    ["write /srv/swarmhub/limits.json"],
  );
});
