import { chmodSync, readFileSync, statSync } from "node:fs";
import test from "ava";
import { withPeople, withoutPeople, writeRoster } from "../../src/roster/edit.js";
import { readRoster } from "../../src/roster/read.js";
import { userError } from "../support/fakes.js";
import { rosterFile } from "./support/roster-file.js";

const files: [what: string, before: string | Buffer, after: string | Buffer][] = [
  [
    "quotes, semicolons and the line ends of Windows",
    '"Vorname";"Nachname";"Nutzernamen";"Gruppe"\r\n"Bob";"B";"bob";""\r\n',
    '"Vorname";"Nachname";"Nutzernamen";"Gruppe"\r\n"Bob";"B";"bob";""\r\n"Ada Maria";"Löv";"ada";"geo, bio"\r\n',
  ],
  [
    "a file without a last line end, and blank lines at the end",
    "sep=,\nLogin,Name,Group\nbob,B,x",
    'sep=,\nLogin,Name,Group\nbob,B,x\nada,Ada Maria Löv,"geo, bio"\n',
  ],
  [
    "UTF-16 with a byte order mark",
    Buffer.from("\uFEFFLogin\tName\tGroup\nbob\tB\t\n\n", "utf16le"),
    Buffer.from("\uFEFFLogin\tName\tGroup\nbob\tB\t\nada\tAda Maria Löv\tgeo, bio\n\n", "utf16le"),
  ],
  [
    "Windows-1252",
    Buffer.from("Login;Name;Group\nbob;Bö;\n", "latin1"),
    Buffer.from("Login;Name;Group\nbob;Bö;\nada;Ada Maria Löv;geo, bio\n", "latin1"),
  ],
];

for (const [what, before, after] of files)
  test(`a person is added and removed again, and the file keeps its form: ${what}`, async (t) => {
    const source = rosterFile(before);
    chmodSync(source.file, 0o640);
    const ada = { user: "ada", shown: "Ada Maria Löv", groups: ["geo", "bio"] };
    await writeRoster(withPeople(await readRoster(source), [ada], source), source.file);
    t.deepEqual(readFileSync(source.file), Buffer.from(after));
    t.is(statSync(source.file).mode & 0o777, 0o640);
    const file = await readRoster(source);
    t.like(file.entries[1], { name: "ada", shown: "Ada Maria Löv", groups: ["geo", "bio"] });
    await writeRoster(withoutPeople(file, new Set(["ada"]), source), source.file);
    const names = (await readRoster(source)).entries.map(({ name }) => name);
    t.deepEqual(names, ["bob"]);
  });

test("people in the middle are removed with all lines of their rows, and nothing else", async (t) => {
  const source = rosterFile('Login,Name\nada,"A\nL"\nbob,B\n\ncarl,C\ndora,D');
  const file = withoutPeople(await readRoster(source), new Set(["ada", "carl"]), source);
  t.is(file.text, "Login,Name\nbob,B\n\ndora,D");
});

test("whoever does not fit into the roster is refused, and the file stays", async (t) => {
  const source = rosterFile("Email\nada@x.example\n");
  const file = await readRoster(source);
  const refusal = (user: string, more: { shown?: string; groups?: string[] } = {}) =>
    t.throws(() => withPeople(file, [{ user, groups: [], ...more }], source))?.message;
  t.is(
    refusal("bob"),
    'the user names of this roster are made of e-mail addresses, and "bob" is none',
  );
  t.is(refusal("ADA@y.example"), "ada is on the roster already, on line 2");
  t.regex(refusal("=1@x.example") ?? "", /begins with =/);
  t.regex(refusal("b@x.example", { groups: ["geo"] }) ?? "", /no column for groups/);
  t.regex(refusal("b@x.example", { shown: "B" }) ?? "", /no column for the name/);
  const named = rosterFile("Login;Name\nada;Ä\n");
  const formula = { user: "b", shown: "=1+1", groups: [] };
  t.throws(() => withPeople({ ...file, columns: { ...file.columns } }, [formula], named));
  const latin = rosterFile(Buffer.from("Login;Name\nada;Ä\n", "latin1"));
  const edited = withPeople(
    await readRoster(latin),
    [{ user: "bob", shown: "Łukasz", groups: [] }],
    latin,
  );
  t.regex((await userError(writeRoster(edited, latin.file))).message, /Windows-1252, which lacks/);
});
