import { stripVTControlCharacters } from "node:util";
import test from "ava";
import type { Event } from "../../src/reconcile/event.js";
import { type View, frame } from "../../src/report/frame.js";
import { type Progress, advance, initialProgress } from "../../src/report/progress.js";
import { columns } from "../../src/text/width.js";

const wideView: View = { width: 80, height: 24, colour: false, unicode: true };

/** The progress after these events, each with its time. */
const after = (events: readonly (readonly [at: number, event: Event])[]): Progress =>
  events.reduce((progress, [at, event]) => advance(progress, event, at), initialProgress);

const plan = (...pieces: [string, number][]): Event => ({
  type: "plan",
  pieces: pieces.map(([piece, steps]) => ({ piece, steps })),
});
const started = (piece: string, host: string, title: string): Event => ({
  type: "step-started",
  piece,
  host,
  title,
});

const installing: [number, Event][] = [
  [0, { type: "survey", hosts: 3 }],
  [400, plan(["engine", 3], ["storage", 2], ["hub", 1])],
  [500, { type: "piece", piece: "engine", steps: 4 }],
  [500, started("engine", "manager", "install docker.io")],
  [500, started("engine", "node1", "install docker.io")],
  [500, started("engine", "日本", "install docker.io")],
];

test("the first inspection has a line", (t) => {
  const progress = after([[0, { type: "survey", hosts: 3 }]]);
  t.deepEqual(frame(progress, wideView, 1250), [" ⠹ inspecting 3 machines  1.3 s"]);
});

test("the running piece has a line for each host, with its step and its time", (t) => {
  const progress = after([
    ...installing,
    [
      900,
      {
        type: "step-progress",
        piece: "engine",
        host: "node1",
        title: "install docker.io",
        text: "unpacking 40 %",
      },
    ],
    [
      950,
      { type: "step-done", piece: "engine", host: "日本", title: "install docker.io", ms: 450 },
    ],
  ]);
  t.deepEqual(frame(progress, wideView, 13_000), [
    " ⠋ engine     13 s  1 of 4 steps",
    "     manager    13 s  install docker.io",
    "     node1      13 s  install docker.io  unpacking 40 %",
    "     日本     ✓ 1 step done",
    " · storage",
    " · hub",
  ]);
});

test("a finished piece shows how much it changed and how long it took", (t) => {
  const progress = after([
    ...installing,
    [2500, { type: "piece-done", piece: "engine", changed: 4, ms: 2000 }],
    [2600, { type: "piece-done", piece: "storage", changed: 0, ms: 100 }],
  ]);
  t.deepEqual(frame(progress, wideView, 3100), [
    " ✓ engine    2.0 s  4 changes",
    " ✓ storage   0.1 s  up to date",
    " ⠙ hub       0.5 s",
  ]);
});

test("a piece that started before its turn shows its state among the waiting ones", (t) => {
  const early = [...installing, [900, { type: "piece", piece: "hub", steps: 1 }]] as const;
  const last = (...more: [number, Event][]) =>
    frame(after([...early, ...more]), wideView, 1000).slice(-2);
  t.deepEqual(last(), [" · storage", " ⠋ hub"]);
  t.deepEqual(last([950, { type: "piece-done", piece: "hub", changed: 1, ms: 50 }]), [
    " · storage",
    " ✓ hub",
  ]);
  t.deepEqual(last([950, { type: "piece-failed", piece: "hub", ms: 50 }]), [
    " · storage",
    " ✗ hub",
  ]);
});

test("a failed piece shows the host, the reason and the skipped steps", (t) => {
  const where = { piece: "engine", host: "node1", title: "install docker.io" };
  const progress = after([
    ...installing,
    [
      1000,
      { type: "step-failed", ...where, ms: 500, error: "node1: no space left\non /var \u001b[2J" },
    ],
    [1000, { type: "step-skipped", ...where, host: "manager", title: "start", why: "no" }],
    [1100, { type: "step-done", ...where, host: "manager", ms: 500 }],
    [1200, { type: "piece-failed", piece: "engine", ms: 800 }],
  ]);
  t.deepEqual(frame(progress, wideView, 3500).slice(0, 4), [
    " ✗ engine    0.8 s  1 of 4 steps",
    "     manager  1 step skipped",
    "     node1    ✗ install docker.io  node1: no space left on /var",
    "     日本      3.0 s  install docker.io",
  ]);
});

test("an interrupted piece is shown as stopped, not as failed", (t) => {
  const progress = after([
    ...installing,
    [1200, { type: "piece-failed", piece: "engine", ms: 800 }],
  ]);
  t.is(frame(progress, wideView, 3500)[0], " ■ engine    0.8 s  0 of 4 steps");
});

test("without planned steps there is no tree", (t) => {
  const progress = after([
    [0, { type: "survey", hosts: 3 }],
    [400, plan(["engine", 0], ["hub", 0])],
    [400, { type: "piece-done", piece: "engine", changed: 0, ms: 0 }],
  ]);
  t.deepEqual(frame(progress, wideView, 500), []);
});

test("a narrow terminal cuts each line, and a low one counts the lines that it cannot show", (t) => {
  const many = Array.from({ length: 20 }, (_, index) => `host${index}`);
  const progress = after([
    [0, { type: "survey", hosts: 20 }],
    [100, plan(["a", 1], ["b", 1], ["engine", 20], ["c", 1], ["d", 1], ["e", 1])],
    [200, { type: "piece-done", piece: "a", changed: 1, ms: 100 }],
    [300, { type: "piece-done", piece: "b", changed: 1, ms: 100 }],
    [400, { type: "piece", piece: "engine", steps: 20 }],
    ...many.map((host, index): [number, Event] => [
      1000 - index,
      started("engine", host, "install docker.io"),
    ]),
  ]);
  t.deepEqual(frame(progress, { ...wideView, width: 30, height: 7 }, 1500), [
    " ✓ 2 earlier parts",
    " ⠴ engine   1.2 s  0 of 20 st…",
    "     host19   0.5 s  install …",
    "     host18   0.5 s  install …",
    "     host17   0.5 s  install …",
    "     and 17 more machines",
    " · 3 more to come",
  ]);
  for (let height = 1; height < 30; height += 1) {
    for (const width of [1, 7, 20, 200]) {
      const lines = frame(progress, { ...wideView, width, height }, 1500);
      t.true(lines.length <= height, `${lines.length} lines in ${height}`);
      t.true(lines.every((line) => columns(line) <= width));
    }
  }
});

test("colour changes nothing but the colour", (t) => {
  const progress = after(installing);
  for (const width of [10, 25, 80]) {
    const plain = frame(progress, { ...wideView, width }, 900);
    const coloured = frame(progress, { ...wideView, width, colour: true }, 900);
    t.not(coloured.join(""), plain.join(""));
    t.deepEqual(
      coloured.map((line) => stripVTControlCharacters(line).trimEnd()),
      plain,
    );
  }
});

test("a terminal without Unicode gets ASCII signs", (t) => {
  const progress = after([
    ...installing,
    [2500, { type: "piece-done", piece: "engine", changed: 4, ms: 2000 }],
  ]);
  t.deepEqual(frame(progress, { ...wideView, unicode: false }, 2700), [
    " + engine    2.0 s  4 changes",
    " \\ storage   0.2 s",
    " . hub",
  ]);
});
