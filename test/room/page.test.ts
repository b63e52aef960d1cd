import test from "ava";
import { FakeStream, document, elementAt, fire, load, page } from "./support/page.js";

test.before(() => load("room.js"));

const refuse = (): { ok: boolean; body: unknown } => ({
  ok: false,
  body: { message: "The hub does not answer." },
});
const agree = (): { ok: boolean; body: unknown } => ({ ok: true, body: {} });

test.serial(
  "an announcement that the hub refuses can be sent again without typing it again",
  async (t) => {
    const [form, text] = [elementAt("#announcing-form"), elementAt("#announcing-text")];
    text.value = "The exam begins in room 7";
    page.answer = refuse;
    await fire(form, new Event("submit"));
    t.is(elementAt("#result").textContent, "The hub does not answer.");
    t.is(form.resets, 0);
    page.answer = agree;
    await fire(form, new Event("submit"));
    t.is(elementAt("#result").textContent, "Everybody reads it within 15 seconds.");
    t.is(form.resets, 1);
  },
);

test.serial("the times for closing the doors stay when the hub refuses", async (t) => {
  const [form, confirm] = [elementAt("#doors-form"), elementAt("#confirm")];
  const close = async (): Promise<void> => {
    await fire(form, new Event("submit"));
    confirm.returnValue = "yes";
    await fire(confirm, new Event("close"));
  };
  page.answer = refuse;
  await close();
  t.is(elementAt("#result").textContent, "The hub does not answer.");
  t.is(form.resets, 0);
  page.answer = agree;
  await close();
  t.is(form.resets, 1);
});

test.serial("a home that waits for its limit does not count as handed out to", async (t) => {
  const [files, dialog] = [elementAt("#handing-files"), elementAt("#handing")];
  dialog.open = true;
  const row = { counts: { place: 1 }, files: [], beside: [], more: 0 };
  const rows = [
    { user: "ada", ...row },
    { user: "bob", ...row },
    { user: "carl", ...row, problem: "no limit" },
    { user: "dora", ...row, problem: "busy" },
  ];
  page.answer = () => ({
    ok: true,
    body: { sent: "word", files: 1, bytes: 1, rows, versions: {} },
  });
  files.files = [new File(["x"], "lab.txt")];
  await fire(files, new Event("change"));
  await fire(elementAt("#handing-go"), new Event("click"));
  const said = elementAt(".told").textContent;
  t.regex(said, /^Handed out to 2 homes\./);
  t.regex(said, /\n1 home got nothing/);
});

test.serial(
  "a file from macOS gets the name in a home that a teacher types when it is collected",
  async (t) => {
    const [files, path] = [elementAt("#handing-files"), elementAt("#collecting-path")];
    const sent: string[] = [];
    page.answer = (_address, body) => {
      sent.push(body);
      return { ok: true, body: { sent: "word", files: 1, bytes: 1, rows: [], versions: {} } };
    };
    files.files = [new File(["x"], "U\u0308bung.ipynb")];
    await fire(files, new Event("change"));
    path.value = "U\u0308bung.ipynb";
    await fire(elementAt("#collecting-form"), new Event("submit"));
    t.is(sent.length, 2);
    for (const body of sent) t.regex(body, /"\u00dcbung.ipynb"/);
  },
);

test.serial(
  "a page that has heard nothing for a while says so, and opens another stream",
  async (t) => {
    const first = FakeStream.opened.at(-1);
    const event = (name: string): Event => new MessageEvent(name, { data: '{"end":null}' });
    for (const name of ["alive", "certificate"]) {
      page.now += 30_000;
      page.everySecond();
      await fire(first ?? document, event(name));
    }
    t.is(FakeStream.opened.at(-1), first);
    const problem = elementAt("#problem");
    t.true(problem.hidden || problem.textContent === "");
    page.now += 41_000;
    page.everySecond();
    t.not(FakeStream.opened.at(-1), first);
    t.is(first?.readyState, FakeStream.CLOSED);
    t.regex(problem.textContent, /^The hub does not answer\./);
    t.false(problem.hidden);
    const count = FakeStream.opened.length;
    page.now += 30_000;
    page.everySecond();
    t.is(FakeStream.opened.length, count, "the new stream has its time too");
  },
);

test.serial("the key that hides the names works with Caps Lock", async (t) => {
  const pressed = (): string | undefined => elementAt("#hide-names").attributes["aria-pressed"];
  t.is(pressed(), "false");
  await fire(document, Object.assign(new Event("keydown"), { key: "N" }));
  t.is(pressed(), "true");
  await fire(document, Object.assign(new Event("keydown"), { key: "n" }));
  t.is(pressed(), "false");
});
