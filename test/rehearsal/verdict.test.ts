import test from "ava";
import { comparison } from "../../src/rehearsal/comparison.js";
import { figuresOf, share } from "../../src/rehearsal/figures.js";
import type { Failure, PersonResult } from "../../src/rehearsal/person/result.js";
import { htmlReport } from "../../src/rehearsal/report/html.js";
import { tablesOf } from "../../src/rehearsal/report/text.js";
import { isGood, verdict } from "../../src/rehearsal/verdict.js";
import { person, rehearsalOf, round } from "./support/examples.js";

const failed = (number: number, failure: Failure, more: Partial<PersonResult> = {}): PersonResult =>
  person(number, number, { failure, ...more });
const memory: Failure = {
  kind: "memory",
  phase: "cell",
  cell: 12,
  sentence: "The kernel was ended.",
};
const many = (count: number, of: (number: number) => PersonResult): PersonResult[] =>
  Array.from({ length: count }, (_, index) => of(index + 1));

test("the verdict of a good rehearsal says how long it took until everybody was in", (t) => {
  const rounds = [round(many(40, (number) => person(number, 90 + number)))];
  const rehearsal = rehearsalOf([...rounds, { ...rounds[0]!, arrival: "at once" }]);
  t.deepEqual(verdict(rehearsal), [
    "All 40 people who come within two minutes come in within 2 min 10 s.",
    "All 40 people who come all at once come in within 2 min 10 s.",
  ]);
  t.true(isGood(rehearsal));
});

test("the verdict names the cell that needs too much memory, the queue, and each other failure once", (t) => {
  const queue: Failure = { kind: "queue", phase: "queue", sentence: "number 1" };
  const mount: Failure = {
    kind: "refused",
    phase: "start",
    sentence: "Your home cannot be mounted.",
  };
  const people = [
    ...many(7, (number) => failed(number, memory)),
    ...many(23, (number) => person(number + 7, 100)),
    ...many(8, (number) => person(number + 30, undefined, { failure: queue, place: number })),
    ...many(2, (number) => person(number + 38, undefined, { failure: mount })),
  ];
  const rehearsal = rehearsalOf([round(people)]);
  t.deepEqual(verdict(rehearsal), [
    "30 of 40 people who come within two minutes come in within 1 min 40 s.",
    "At 1 GB, 7 of 40 run out of memory in cell 12.",
    "The queue begins at 33: you have 32 seats.",
    "2 people stopped: Your home cannot be mounted.",
  ]);
  t.false(isGood(rehearsal));
  const table = tablesOf(rehearsal).at(-1);
  t.deepEqual(table?.rows, [
    ["8", "wait in the queue", "All seats were taken until the end."],
    ["7", "cell 12", "The kernel was ended."],
    ["2", "start of the server", "Your home cannot be mounted."],
  ]);
});

test("the verdict says when the measurement itself is at fault", (t) => {
  const people = many(2, (number) => person(number, number));
  const late = round(people, { delay: { p99: 450, worst: 900 } });
  const line = { roundTrip: 80, rate: 50_000, certificate: "certificate has expired" };
  t.deepEqual(verdict(rehearsalOf([late], { line })).slice(1), [
    "This computer was too slow for 2 people (0.5 s late), so the times are too long. Rehearse with fewer people, or from another computer.",
    "The line of this computer needs 1 min 00 s for the pages of all people, so the times are too long.",
    "Browsers may refuse the certificate of the class (certificate has expired).",
  ]);
});

test("one person, and nobody who comes in", (t) => {
  t.is(verdict(rehearsalOf([round([person(1, 4)])]))[0], "1 person comes in within 4.0 s.");
  const nobody = round([person(1, undefined, { failure: memory }), person(2, undefined)]);
  t.is(verdict(rehearsalOf([nobody]))[0], "None of 2 people who come within two minutes come in.");
});

test("percentiles are values that were measured", (t) => {
  const values = Array.from({ length: 20 }, (_, index) => index + 1);
  t.deepEqual(
    [share(values, 0.5), share(values, 0.95), share([7], 0.95), share([], 0.5)],
    [10, 19, 7, 0],
  );
  const { times } = person(1, 1);
  const one = person(1, 1, { times: { ...times, start: [2000] } });
  const other = person(2, 1, { times: { ...times, start: [1000] } });
  t.deepEqual(figuresOf(round([one, other])).phases, [
    { phase: "start", count: 2, p50: 1000, p95: 2000, worst: 2000 },
  ]);
});

test("the comparison names what changed by more than two rehearsals differ anyway", (t) => {
  const { times } = person(1, 1);
  const of = (ms: number, ready: number, failures: Partial<PersonResult> = {}) =>
    rehearsalOf([round([person(1, ready, { times: { ...times, start: [ms] }, ...failures })])]);
  const before = of(5000, 20);
  t.deepEqual(comparison(before, undefined), []);
  t.deepEqual(comparison(of(5300, 21), before), [
    "Compared with 2026-11-30 18:00 UTC: no notable change.",
  ]);
  t.deepEqual(comparison(of(9000, 30, { failure: memory }), { ...before, people: 12 }), [
    "Compared with 2026-11-30 18:00 UTC (with 12 people and lesson.ipynb):",
    "  spread: everybody in 30 s, 20 s before",
    "  spread: start, p95 9.0 s, 5.0 s before",
    "  spread: 1 person failed, 0 before",
  ]);
});

test("each person's memory is in the figures, and the ten largest are in the tables and on the page", (t) => {
  const people = many(12, (number) => person(number, number));
  const memories = people.map(({ name }, index) => ({ name, memory: 100 + index, ended: 0 }));
  const first = { ...memories[0]!, memory: 900, limit: 1024, machine: "node2" };
  const none = { name: "Rehearsal-13", memory: 0, ended: 1 };
  const seen = { seats: 32, people: [...memories.slice(1), none, first], machines: [], silent: 0 };
  const rehearsal = rehearsalOf([round(people, { seen })]);
  const figures = rehearsal.rounds[0]!.memory.people;
  t.deepEqual(figures.slice(0, 2), [
    { name: "Rehearsal-1", most: 900, limit: 1024, machine: "node2" },
    { name: "Rehearsal-12", most: 111 },
  ]);
  t.is(figures.length, 12);
  const table = tablesOf(rehearsal).find(({ columns }) => columns[0] === "person");
  t.is(table?.heading, "memory at its height: the 10 largest of 12 servers");
  t.deepEqual(table?.columns, ["person", "used", "of", "machine"]);
  t.deepEqual(table?.rows.slice(0, 2), [
    ["Rehearsal-1", "900 MB", "1 GB", "node2"],
    ["Rehearsal-12", "111 MB", "", ""],
  ]);
  t.is(table?.rows.length, 10);
  const page = htmlReport(rehearsal, undefined);
  t.true(page.includes('<th scope="row">Rehearsal-1</th><td>900 MB</td><td>1 GB</td>'));
  t.false(page.includes('<th scope="row">Rehearsal-2</th>'));
});

test("the page of the report has no script, and what the class says is text in it", (t) => {
  const hostile = `<script>alert(1)</script>"'&`;
  const failure: Failure = { kind: "cell", phase: "cell", cell: 1, sentence: hostile };
  const { times } = person(1, 1);
  const people = [person(1, 3, { times: { ...times, start: [900] }, failure }), person(2, 5)];
  const rehearsal = rehearsalOf([round(people)], { class: hostile, notebook: hostile });
  const page = htmlReport(rehearsal, { ...rehearsal, at: "2026-11-29T18:00:00.000Z" });
  t.notRegex(page, /<script|javascript:|\son\w+=|https?:/);
  t.true(page.includes("&#60;script&#62;alert(1)"));
  t.true(page.includes(`content="default-src 'none'; style-src 'unsafe-inline'"`));
  t.is(page.match(/<svg role="img"/g)?.length, 3);
  t.true(page.includes("Compared with 2026-11-29 18:00 UTC"));
  t.true(page.includes('<p class="verdict bad">All 2 people who come within two minutes'));
});
