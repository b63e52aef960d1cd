import test from "ava";
import type { RosterSource } from "../../src/config/types.js";
import { readRoster } from "../../src/roster/read.js";
import { userError } from "../support/fakes.js";
import { rosterFile } from "./support/roster-file.js";

const people = async (
  content: string | Uint8Array,
  columns: Pick<RosterSource, "userName" | "group"> = {},
) =>
  (await readRoster(rosterFile(content, columns))).entries.map(({ name, shown, groups }) =>
    [name, shown, ...groups].join(" | "),
  );

/** The complaints without the path of the file: "2:1  …". */
const complaints = async (
  content: string | Uint8Array,
  columns: Pick<RosterSource, "userName" | "group"> = {},
) => {
  const source = rosterFile(content, columns);
  const { message, hint = "" } = await userError(readRoster(source));
  const lines = message.split("\n").map((line) => line.replaceAll(`${source.file}:`, ""));
  return { lines, hint: hint.replaceAll(source.file, "FILE") };
};

const moodle = `Vorname,Nachname,ID-Nummer,Institution,Abteilung,E-Mail-Adresse,Zuletzt aus diesem Kurs geladen
Ada,Lovelace,,,,Ada.L@uni.example,1
"Jürgen ""JJ""",Müller,7,,,jm@uni.example,1
`;
const canvas = `Student,ID,SIS User ID,SIS Login ID,Section,Quiz (123)
    Points Possible,,,,,10.00
"Lovelace, Ada",1,u1,ADA,"Group A, Group 2",9
"Hopper, Grace",2,u2,grace,Group A,8
"Student, Test",3,,4711,Group A,
`;

test("a roster of Moodle, Canvas, Stud.IP, ILIAS, Google Classroom or a spreadsheet is recognised", async (t) => {
  const ada = "ada | Ada Lovelace";
  t.deepEqual(await people(moodle), ["ada.l | Ada Lovelace", 'jm | Jürgen "JJ" Müller']);
  t.deepEqual(await people(canvas), [
    "ada | Lovelace, Ada | group-a | group-2",
    "grace | Hopper, Grace | group-a",
  ]);
  const studip = `"Titel";"Vorname";"Nachname";"Titel2";"Nutzernamen";"E-Mail";"Gruppe"\r\n"";"Ada";"Lovelace";"";"ada";"a@x.example";"Übung 1"\r\n`;
  t.deepEqual(await people(studip), [`${ada} | ubung-1`]);
  t.deepEqual(await people('sep=,\n"Anmeldename","Vorname","Nachname"\n"ada","Ada","Lovelace"\n'), [
    ada,
  ]);
  t.deepEqual(await people("Last Name,First Name,Email Address\nLovelace,Ada,ada@x.example\n"), [
    ada,
  ]);
  t.deepEqual(await people("\n\nName\tLogin\nAda Lovelace\tada"), [ada]);
  t.deepEqual(await people("Nom;Prénom;Nom d'utilisateur\rLovelace;Ada;ada\r"), [ada]);
  t.deepEqual(await people("Full name:User name\nAda Lovelace:ada\n"), [ada]);
  t.deepEqual(await people("username\nada\n\n  \nGRACE\n"), ["ada | ada", "grace | grace"]);
});

test("a roster is read in UTF-8, UTF-16 and Windows-1252, with and without a byte order mark", async (t) => {
  const text = "Login;Name\r\njürgen;Jürgen Ångström\r\n";
  const utf16 = Buffer.from(`\uFEFF${text}`, "utf16le");
  const forms: [string, boolean, Uint8Array][] = [
    ["utf-8", false, Buffer.from(text)],
    ["utf-8", true, Buffer.from(`\uFEFF${text}`)],
    ["utf-16le", true, utf16],
    ["utf-16be", true, Buffer.from(utf16).swap16()],
    ["windows-1252", false, Buffer.from(text, "latin1")],
  ];
  for (const [name, mark, bytes] of forms) {
    const { encoding, entries } = await readRoster(rosterFile(bytes));
    t.deepEqual(encoding, { name, mark } as typeof encoding);
    t.like(entries[0], { name: "jürgen", shown: "Jürgen Ångström" });
  }
});

test("the configuration names columns, whose values are taken as they are", async (t) => {
  const columns = { userName: "Email Address", group: "Kurs" };
  t.deepEqual(await people("Login,email address,Kurs\nx,Ada@X.example,7b\n", columns), [
    "ada@x.example | ada@x.example | g-7b",
  ]);
});

test("a missing column is named with those that are there", async (t) => {
  const { lines, hint } = await complaints("Matrikel;Kurs\n1;2\n");
  t.deepEqual(lines, [
    '1:1  the file has no column that is known to hold user names or e-mail addresses. Its columns are "Matrikel", "Kurs"',
  ]);
  t.regex(hint, /roster: \{file: FILE, user-name: Matrikel\}/);
  t.deepEqual((await complaints("Login;Kurs\na;2\n", { userName: "Logni" })).lines, [
    '1:1  the file has no column "Logni"; did you mean "Login"? Its columns are "Login", "Kurs"',
  ]);
});

test("all complaints come at once, with the line and the number of the column", async (t) => {
  const long = "x".repeat(5000);
  const { lines } = await complaints(
    `Name;Login
Ada;ada
"Two
lines";ADA
Ada;ada
;
Bob;
Eve;=HYPERLINK("http://x.example")
Mallory;../..
Carl;${long}
${long};dora
Bell;e\u0007f
`,
  );
  t.deepEqual(lines, [
    '3:2  "Login" is "ADA", and line 2 has "ada": both become the user name "ada"; give one of them another name',
    '5:2  "Login" is "ada", as on line 2; delete one of the two',
    '7:2  "Login" is empty; write a user name, or delete the line',
    '8:2  "Login" is "=HYPERLINK(\\"http://x.example\\")": the user name begins with =, so that a spreadsheet takes it for a formula',
    '9:2  "Login" is "../..": the user name has a /, which the hub does not allow in a name',
    `10:2  "Login" is "${"x".repeat(59)}…: the user name has more than 254 characters`,
    '11:1  "Name" has more than 200 characters',
    '12:2  "Login" is "e\\u0007f": the user name has control characters',
  ]);
});

test("two addresses with the same part before the @ are two people with one name", async (t) => {
  const { lines } = await complaints("Email\nada@a.example\nada@b.example\nnobody\n");
  t.deepEqual(lines, [
    '3:1  "Email" is "ada@b.example", and line 2 has "ada@a.example": both become the user name "ada"; give one of them another name',
    '4:1  "Email" is "nobody", which is not an e-mail address',
  ]);
});

test("a file that is no roster is refused in one sentence", async (t) => {
  for (const [content, sentence] of [
    ["", "1:1  the file is empty; save the list of the class into it"],
    ["Login\n", "1:1  the file has a header and no people; add a line for each person"],
    [
      'Login\n"ada\nbob\n',
      '3:1  a quotation mark (") opens a cell here or above and is not closed',
    ],
    [
      `Login\n${Array.from({ length: 10_000 }, (_, at) => `u${at}`).join("\n")}\n`,
      "1:1  the file has 10000 people; a class can have 5000",
    ],
    [
      `Login\n"${"x\n".repeat(60_000)}"\n`,
      /a row has more than 100000 characters; a quotation mark \("\) may not be closed/,
    ],
    [Buffer.alloc(9 * 2 ** 20, "x"), /1:1 {2}the file is larger than 8 MB/],
    ["\n".repeat(8 * 2 ** 20), "1:1  the file has more than 20000 rows"],
    ["PK\u0003\u0004\u0014", /this is a file of a spreadsheet program; save the table as CSV/],
    [
      Buffer.from("Login\nada\n", "utf16le"),
      "1:1  this is not a text; save the table as CSV in UTF-8",
    ],
  ] as const) {
    const { lines } = await complaints(content);
    t.is(lines.length, 1);
    if (typeof sentence === "string") t.is(lines[0], sentence);
    else t.regex(lines[0] ?? "", sentence);
  }
  const missing = await userError(readRoster({ file: "/nowhere/students.csv", folder: "/" }));
  t.is(missing.message, "the roster /nowhere/students.csv cannot be read: there is no such file");
});

test("control characters in the name of a person do not reach the terminal", async (t) => {
  t.deepEqual(await people("Login,Name\nada,A\u001b]0;x\u0007d\u009b2Ja\u202e\n"), ["ada | Ada"]);
});
