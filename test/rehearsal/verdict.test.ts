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

const refused = (sentence: string): Failure => ({ kind: "refused", phase: "start", sentence });
const broken = (cell: number): Failure => ({ kind: "cell", phase: "cell", cell, sentence: "E: x" });
const inQueue: Failure = { kind: "queue", phase: "queue", sentence: "number 1" };
const waiting = (number: number): PersonResult =>
  person(number, undefined, { failure: inQueue, place: number });
const said = (...people: PersonResult[][]) =>
  verdict(rehearsalOf(people.map((each) => round(each))));

test("the first sentence of the verdict counts one person, some, all and nobody", (t) => {
  const out = (number: number) => person(number, undefined, { failure: refused("No.") });
  const first = (...people: PersonResult[]) => said(people)[0];
  t.deepEqual(said([person(1, 4)], [person(1, 4)]), ["1 person comes in within 4.0 s."]);
  t.is(first(out(1)), "The only person does not come in.");
  t.is(first(out(1), out(2)), "None of 2 people who come within two minutes come in.");
  t.is(
    first(person(1, 12.4), ...many(33, out)),
    "1 of 34 people who come within two minutes comes in within 12 s.",
  );
  t.is(
    first(...many(33, (number) => person(number, 97 + number)), out(34)),
    "33 of 34 people who come within two minutes come in within 2 min 10 s.",
  );
});

test("the sentence about memory has the cells and the limit that are known", (t) => {
  const ended = (number: number, cell?: number): PersonResult => {
    const { cell: _, ...without } = memory;
    return failed(
      number,
      cell === undefined ? { ...without, phase: "answer" } : { ...memory, cell },
    );
  };
  const good = many(39, (number) => person(number, 100));
  t.is(said([...good, ended(40, 12)])[1], "At 1 GB, 1 of 40 runs out of memory in cell 12.");
  t.is(said([...good, ended(40)])[1], "At 1 GB, 1 of 40 runs out of memory.");
  t.is(
    said([...good.slice(3), ended(38, 12), ended(39, 3), ended(40)])[1],
    "At 1 GB, 3 of 39 run out of memory in cells 3 and 12.",
  );
  t.is(
    said(many(7, (number) => ended(number, number)))[1],
    "At 1 GB, 7 of 7 run out of memory in cells 1, 2, 3, 4, 5 and others.",
  );
  // No machine reported: the hub does not know the limit.
  const seen = { seats: 32, people: [], machines: [], silent: 9 };
  t.is(
    verdict(rehearsalOf([round([...good, ended(40, 2)], { seen })]))[1],
    "1 of 40 runs out of memory in cell 2.",
  );
});

test("the queue begins at the first person without a seat, whoever else does not come in", (t) => {
  const seats = (count: number) => ({ seats: count, people: [], machines: [], silent: 0 });
  const queue = (count: number, people: PersonResult[]) =>
    verdict(rehearsalOf([round(people, { seen: seats(count) })]))[1];
  const came = (count: number) => many(count, (number) => person(number, 100));
  t.is(queue(33, [...came(33), waiting(1)]), "The queue begins at 34: you have 33 seats.");
  t.is(queue(1, [...came(1), waiting(1)]), "The queue begins at 2: you have 1 seat.");
  // The queue itself holds 100: those after it are refused.
  const full = refused("Too many people wait.");
  const crowd = [
    ...came(33),
    ...many(100, waiting),
    ...many(67, (number) => person(number, undefined, { failure: full })),
  ];
  t.is(queue(33, crowd), "The queue begins at 34: you have 33 seats.");
  // Images that need more memory than others leave fewer seats than the hub counts.
  t.is(queue(33, [...came(31), ...many(9, waiting)]), "The queue begins at 32: you have 33 seats.");
  t.is(queue(0, [...came(33), waiting(1)]), "The queue begins at 34.");
});

test("each other failure is one sentence for both rounds, with the larger number of people", (t) => {
  const lost: Failure = { kind: "connection", phase: "JupyterLab", sentence: "socket hang up" };
  const good = many(30, (number) => person(number, 100));
  const alone = [...good, failed(31, broken(4)), failed(32, lost)];
  t.deepEqual(said(alone).slice(1), [
    "Cell 4 fails for 1 person: E: x",
    "1 person stopped: socket hang up",
  ]);
  const saving: Failure = { ...lost, phase: "save" };
  const more = [
    ...many(5, (number) => failed(number, broken(number < 4 ? 7 : 4))),
    failed(6, lost),
    failed(7, saving),
    failed(8, { ...lost, phase: "cell", cell: 2, sentence: "no answer" }),
  ];
  t.deepEqual(said(alone, more).slice(2), [
    "Cells 4 and 7 fail for 5 people: E: x",
    "2 people stopped: socket hang up",
    "1 person stopped in cell 2: no answer",
  ]);
});

test("of two rounds, the verdict has the larger number without memory and the earlier queue", (t) => {
  const of = (ended: number, queued: number) => [
    ...many(ended, (number) => failed(number, memory)),
    ...many(40 - ended - queued, (number) => person(number, 100)),
    ...many(queued, waiting),
  ];
  t.deepEqual(said(of(7, 8), of(9, 10)).slice(2), [
    "At 1 GB, 9 of 40 run out of memory in cell 12.",
    "The queue begins at 31: you have 32 seats.",
  ]);
  t.deepEqual(said(of(2, 0), of(0, 9)).slice(2), [
    "At 1 GB, 2 of 40 run out of memory in cell 12.",
    "The queue begins at 32: you have 32 seats.",
  ]);
});

test("a single person on a slow computer and line reads sentences about one person", (t) => {
  const late = round([person(1, 40)], { delay: { p99: 12_000, worst: 30_000 } });
  const line = { roundTrip: 900, rate: 10_000 };
  t.deepEqual(verdict(rehearsalOf([late], { line })), [
    "1 person comes in within 40 s.",
    "This computer was too slow for 1 person (12 s late), so the times are too long. Rehearse with fewer people, or from another computer.",
    "The line of this computer needs 2 min 30 s for the pages of all people, so the times are too long.",
  ]);
  t.deepEqual(verdict(rehearsalOf([round([person(1, 40)])], { line: { ...line, rate: 0 } })), [
    "1 person comes in within 40 s.",
  ]);
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
