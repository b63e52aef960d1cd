import test from "ava";
import type { Event } from "../../src/reconcile/event.js";
import { jsonReport, plainReport } from "../../src/report/lines.js";

const where = { piece: "engine", host: "node1", title: "install docker.io" } as const;

const events: Event[] = [
  { type: "survey", hosts: 3 },
  { type: "plan", pieces: [{ piece: "engine", steps: 3 }] },
  { type: "piece", piece: "engine", steps: 3 },
  { type: "step-started", ...where, detail: "apt-get install docker.io" },
  { type: "step-progress", ...where, text: "40 %" },
  { type: "step-done", ...where, ms: 41_400 },
  { type: "step-done", ...where, title: "get the image hub", ms: 900, note: "built" },
  { type: "step-failed", ...where, host: "node2", ms: 900, error: "lost" },
  { type: "step-skipped", ...where, title: "start", why: '"install docker.io" failed' },
  { type: "piece-failed", piece: "engine", ms: 42_000 },
  { type: "piece-done", piece: "hub", changed: 0, ms: 100 },
  { type: "piece-done", piece: "hub", changed: 2, ms: 3_000 },
  { type: "note", text: "a note" },
  { type: "warning", text: "the domain does not\u0007 point here" },
  { type: "summary", text: "geo-101 is up", changed: 2, ms: 5_000, next: ["https://…"] },
];

test("a log has one line for each start, end and failure, with host and seconds", (t) => {
  const lines: string[] = [];
  const report = plainReport((text) => lines.push(text));
  for (const event of events) report.event(event);
  report.close();
  t.is(
    lines.join(""),
    `inspecting 3 machines
engine  node1  install docker.io  …
engine  node1  install docker.io  done in 41 s
engine  node1  get the image hub  done in 0.9 s: built
engine  node2  install docker.io  FAILED after 0.9 s
engine  node1  start  skipped: "install docker.io" failed
engine: stopped after 42 s
hub: up to date after 3.0 s
a note
warning: the domain does not point here
geo-101 is up
  https://…
`,
  );
});

test("with --json each event is a line of its own, with its time", (t) => {
  const lines: string[] = [];
  const report = jsonReport(
    (text) => lines.push(text),
    () => new Date(0),
  );
  for (const event of events) report.event(event);
  report.close();
  t.true(lines.every((line) => line.endsWith("\n") && !line.trimEnd().includes("\n")));
  t.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    events.map((event) => ({ at: "1970-01-01T00:00:00.000Z", ...event })),
  );
});
