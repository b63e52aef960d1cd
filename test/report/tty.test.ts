import test from "ava";
import { liveReport } from "../../src/report/tty.js";

/** A small terminal that interprets what the live tree writes, and a timer that the test turns. */
const screen = (width = 40, height = 10) => {
  const size = { width, height };
  const rows: string[] = [];
  let [row, cursorShown, now, writes] = [0, true, 0, 0];
  let tick: (() => void) | undefined;
  let sent = "";
  const write = (text: string): void => {
    writes += 1;
    sent += text;
    for (const [part] of text.matchAll(/\x1b\[[?\d;]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+/g)) {
      const up = /^\x1b\[(\d+)A$/.exec(part)?.[1];
      if (part === "\n") row += 1;
      else if (up !== undefined) row = Math.max(0, row - Number(up));
      else if (part === "\x1b[J") rows.length = row;
      else if (part === "\x1b[2K") rows[row] = "";
      else if (part === "\x1b[?25l") cursorShown = false;
      else if (part === "\x1b[?25h") cursorShown = true;
      else if (part !== "\r") rows[row] = (rows[row] ?? "") + part;
    }
  };
  const report = liveReport({
    write,
    view: () => ({ ...size, colour: false, unicode: true }),
    now: () => now,
    every: (ms, draw) => {
      if (ms < 100) throw new Error("drawn more than ten times a second");
      tick = draw;
      return () => (tick = undefined);
    },
  });
  return {
    report,
    size,
    write,
    rows: () => [...rows],
    writes: () => writes,
    sent: () => sent,
    cursorShown: () => cursorShown,
    ticking: () => tick !== undefined,
    pass: (ms: number) => {
      now += ms;
      tick?.();
    },
  };
};

const where = { piece: "engine", host: "node1", title: "install" } as const;

const running = (width?: number, height?: number) => {
  const it = screen(width, height);
  it.report.event({ type: "survey", hosts: 2 });
  it.report.event({
    type: "plan",
    pieces: [
      { piece: "engine", steps: 1 },
      { piece: "hub", steps: 1 },
    ],
  });
  it.report.event({ type: "piece", piece: "engine", steps: 1 });
  it.report.event({ type: "step-started", ...where });
  return it;
};

test("the tree is drawn over itself", (t) => {
  const it = running();
  t.deepEqual(it.rows(), [" ⠋ inspecting 2 machines  0.0 s"]);
  it.pass(100);
  t.deepEqual(it.rows(), [" ⠙ engine   0.1 s", "     node1   0.1 s  install", " · hub"]);
  it.report.event({ type: "piece-done", piece: "engine", changed: 1, ms: 120 });
  it.pass(100);
  t.deepEqual(it.rows(), [" ✓ engine   0.1 s  1 change", " ⠹ hub      0.1 s"]);
});

test("a thousand events do not redraw the tree a thousand times", (t) => {
  const it = running();
  it.pass(100);
  const before = it.writes();
  for (let index = 0; index < 1000; index += 1)
    it.report.event({ type: "step-progress", ...where, text: `${index}` });
  t.is(it.writes(), before);
  it.pass(100);
  t.is(it.rows()[1], "     node1   0.2 s  install  999");
});

test("notes and warnings stay above the tree", (t) => {
  const it = running();
  it.pass(100);
  it.report.event({ type: "note", text: "one" });
  it.report.event({ type: "warning", text: "two\u001b[2J" });
  t.deepEqual(it.rows().slice(0, 3), ["one", "warning: two", " ⠙ engine   0.1 s"]);
});

test("a pause clears the tree for a question and shows the cursor", (t) => {
  const it = running();
  it.pass(100);
  const resume = it.report.pause();
  t.deepEqual(it.rows(), []);
  t.true(it.cursorShown());
  it.write("Format? [y/N] y\n");
  it.pass(500);
  t.deepEqual(it.rows(), ["Format? [y/N] y"], "nothing is drawn meanwhile");
  resume();
  t.is(it.rows().length, 4);
  t.false(it.cursorShown());
});

test("at the end the last tree stays in full, however low the terminal, followed by the summary", (t) => {
  const it = running(80, 3);
  for (const host of ["a", "b", "c"]) it.report.event({ type: "step-started", ...where, host });
  it.pass(100);
  t.is(it.rows().length, 2);
  it.report.event({
    type: "summary",
    text: "geo-101 is up",
    changed: 2,
    ms: 5000,
    next: ["https://geo.example.org"],
  });
  t.is(it.rows().length, 6 + 3);
  t.deepEqual(it.rows().slice(-2), ["geo-101 is up", "  https://geo.example.org"]);
  t.true(it.cursorShown());
  t.false(it.ticking());
});

test("closing twice, or without a run, is harmless", (t) => {
  const it = running();
  it.report.close();
  const after = it.rows();
  it.report.close();
  t.deepEqual(it.rows(), after);
  t.true(it.cursorShown());
  const idle = screen();
  idle.report.close();
  t.is(idle.writes(), 0);
});

test("wrapped lines are erased after the terminal became narrower", (t) => {
  const it = screen(40);
  it.report.event({ type: "survey", hosts: 2 });
  t.deepEqual(it.rows(), [" ⠋ inspecting 2 machines  0.0 s"]);
  it.size.width = 10;
  it.report.close();
  t.true(it.sent().includes("\r\u001b[4A"), "31 columns are four rows of ten");
});
