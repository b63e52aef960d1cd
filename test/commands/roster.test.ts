import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { rosterCheck as check } from "../../src/checks/roster.js";
import { type RosterCheckOptions, rosterCheck } from "../../src/commands/roster/check.js";
import { rowsOf } from "../../src/commands/roster/ls.js";
import {
  formerOwner,
  requirePasswords,
  selectNames,
  sourceOf,
} from "../../src/commands/shared/roster.js";
import type { Config, Person } from "../../src/config/types.js";
import { UserError, exitCode } from "../../src/errors.js";
import { plainLine } from "../../src/report/lines.js";
import { contextOf, lines } from "../checks/support/context.js";
import { classOf } from "../support/class-of.js";
import { fakeConfig, fakeReport, userError } from "../support/fakes.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const terminal = () => {
  const report = fakeReport();
  const printed: string[] = [];
  return {
    report,
    printed,
    screen: undefined,
    print: (text: string) => void printed.push(text),
    fail: () => {},
    ask: async () => undefined,
    close: () => {},
  };
};

const folderWith = (roster: string, login: string): string => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "students.csv"), roster);
  writeFileSync(
    join(folder, "swarmhub.yaml"),
    `name: geo-101\nmanager: local\nstorage: temporary\nlogin: ${login}\n`,
  );
  return folder;
};

const run = async (folder: string, more: Partial<RosterCheckOptions> = {}) => {
  const io = terminal();
  const options = {
    config: join(folder, "swarmhub.yaml"),
    acceptNewHostKeys: false,
    jobs: 1,
    json: false,
    ...more,
  };
  await rosterCheck(options, io);
  return { printed: io.printed, notes: io.report.events.map(plainLine) };
};

test("roster check shows who becomes which user name, without a class", async (t) => {
  const login = "{passwords: generated, roster: students.csv, admins: [prof], teachers: [grace]}";
  const text = "Email,Full name,Section\nAda.L@x.example,Ada Lovelace,Lab 1\nbob@x.example,,\n";
  const folder = folderWith(text, login);
  t.deepEqual(await run(folder), {
    printed: [
      `USER   IN THE FILE      NAME          GROUPS  LINE
ada.l  Ada.L@x.example  Ada Lovelace  lab-1      2
bob    bob@x.example    bob                      3`,
      "2 people (UTF-8, separated by commas)",
      'user names from the column "Email", the part before the @',
      'groups from the column "Section": lab-1 (1)',
    ],
    notes: [
      "admins who are not on the roster log in with the password of `swarmhub open --passwords`: prof",
      "teachers who are not on the roster log in with the password of `swarmhub open --passwords`: grace",
    ],
  });
  const { people } = JSON.parse((await run(folder, { json: true })).printed.join("")) as {
    people: unknown[];
  };
  t.deepEqual(people[1], {
    user: "bob",
    name: "bob",
    groups: [],
    typed: "bob@x.example",
    line: 3,
  });
});

test("roster check of a file needs no configuration, and tries other columns", async (t) => {
  const folder = temporaryFolder();
  const file = join(folder, "list.csv");
  writeFileSync(file, "Matrikel;Kurs\n17;A\n");
  const { printed } = await run(folder, { file, userName: "matrikel", group: "Kurs" });
  t.is(printed[0], "USER  IN THE FILE  NAME  GROUPS  LINE\n17    17           17    a          2");
});

test("without a roster the command says what to write", async (t) => {
  const error = await userError(run(folderWith("", "{admins: [ada]}")));
  t.is(error.code, exitCode.usage);
  t.regex(error.hint ?? "", /login: \{roster: \.\/students\.csv\}/);
});

const login = (more: Partial<Config["login"]> = {}): Config =>
  fakeConfig({ login: { ...fakeConfig().login, ...more } });
const person = (name: string): Person => ({ name, shown: name, groups: [] });
const source = { file: "/s.csv", folder: "/" };

test("roster ls shows who may log in and how the file differs", (t) => {
  const present = [person("ada"), person("bob"), person("carl")].map((each) => ({
    ...each,
    password: "x",
  }));
  const wanted = [person("dora"), person("ada"), { ...person("carl"), groups: ["geo"] }];
  t.deepEqual(
    rowsOf(present, wanted, true).map(({ user, state }) => `${user} ${state}`),
    ["ada in", "bob removed", "carl changed", "dora added"],
  );
});

test("people are selected by user name or as the file has them, and a mistyped name has a suggestion", (t) => {
  const known = new Map([
    ["ada", "ada"],
    ["Ada@x.example", "ada"],
    ["bob", "bob"],
  ]);
  t.deepEqual([...selectNames(known, ["ADA", "Ada@x.example", "bob"])], ["ada", "bob"]);
  const error = t.throws(() => selectNames(known, ["bbo", "\u001b[2J"]), { instanceOf: UserError });
  t.is(
    error.message,
    '"bbo" is not on the roster; did you mean "bob"?\n"\\u001b[2J" is not on the roster',
  );
});

test("slips are for classes with personal passwords", (t) => {
  t.throws(() => requirePasswords(login()), { message: /no roster/ });
  t.throws(() => requirePasswords(login({ roster: source })), { message: /no passwords/ });
  t.notThrows(() => requirePasswords(login({ roster: source, method: { kind: "passwords" } })));
});

test("a home is of a removed person if its owner is neither on the roster nor an admin or teacher", (t) => {
  const people = [person("ada"), person("jürgen")];
  const isFormer = formerOwner(
    login({ roster: source, people, admins: ["prof"], teachers: ["grace"] }),
  );
  const former = [
    { name: "ada", user: "Ada" },
    { name: "j-rgen---1", user: "ju\u0308rgen" },
    { name: "prof", user: undefined },
    { name: "grace", user: "grace" },
    { name: "bob", user: undefined },
    { name: "carl", user: "carl" },
  ].filter(isFormer);
  t.deepEqual(
    former.map(({ name }) => name),
    ["bob", "carl"],
  );
  t.throws(() => formerOwner(login()), { message: /no roster/ });
  t.throws(() => formerOwner(login({ roster: source, people: new UserError("broken") })), {
    message: "broken",
  });
  t.is(sourceOf(login({ roster: source })), source);
});

test("check says how many people may log in, and names admins who are not on the roster", async (t) => {
  const findings = (more: Partial<Config["login"]>) =>
    check.run(contextOf(classOf(0, { config: { login: login(more).login } })));
  const people = ["ada", "bob", "carl", "dora"].map(person);
  t.deepEqual(lines(await findings({ roster: source, people, admins: ["prof"] })), [
    "ok: 4 people may log in: ada, bob, carl, …",
    "note: not on the roster, but admins or teachers: prof",
  ]);
  t.deepEqual(await findings({}), []);
});
