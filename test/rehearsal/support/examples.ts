import type { Seen } from "../../../src/rehearsal/memory.js";
import { type PersonResult, emptyResult } from "../../../src/rehearsal/person/result.js";
import type { Rehearsal } from "../../../src/rehearsal/rehearsal.js";
import type { Round } from "../../../src/rehearsal/round.js";
import { figuresOf } from "../../../src/rehearsal/figures.js";

/** When the rounds of the examples begin, in Unix milliseconds. */
const began = Date.UTC(2026, 10, 30, 18);

/** A person who has JupyterLab after some seconds, and what else they saw. */
export const person = (
  number: number,
  readySeconds: number | undefined,
  more: Partial<PersonResult> = {},
): PersonResult => ({
  ...emptyResult(`Rehearsal-${number}`, began),
  ...(readySeconds !== undefined && { ready: began + readySeconds * 1000 }),
  requests: 100,
  bytes: 1_500_000,
  ...more,
});

const seen: Seen = {
  seats: 32,
  people: [{ name: "Rehearsal-1", memory: 1000, limit: 1024, machine: "node2", ended: 1 }],
  machines: [{ name: "node2", memory: 6000, total: 8192 }],
  silent: 0,
};

/** A round of these people. */
export const round = (people: PersonResult[], more: Partial<Round> = {}): Round => ({
  arrival: "spread",
  began,
  people,
  seen,
  delay: { p99: 12, worst: 80 },
  ...more,
});

/** A rehearsal of these rounds. */
export const rehearsalOf = (rounds: Round[], more: Partial<Rehearsal> = {}): Rehearsal => ({
  version: 1,
  class: "geo-101",
  at: new Date(began).toISOString(),
  people: rounds[0]?.people.length ?? 0,
  minutes: 2,
  notebook: "lesson.ipynb",
  cells: 14,
  skipped: ["Left out: the comparison of the password."],
  line: { roundTrip: 12.34, rate: 20_000_000 },
  rounds: rounds.map(figuresOf),
  ...more,
});
