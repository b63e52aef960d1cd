import { capitalized, duration, formatSize, plural } from "../text/format.js";
import type { FailureGroup, RoundFigures } from "./figures.js";
import type { Rehearsal } from "./rehearsal.js";
import { cellsText, peopleText } from "./words.js";

/** A program that is later than this measures itself. */
const slowMs = 200;
/** A line that takes longer than this for the pages of all people shapes the result. */
const slowLineMs = 30_000;

/** What the teacher wants to know, in sentences; the first is the most important one. Of both rounds, each has the worse figures. */
export const verdict = (rehearsal: Rehearsal): string[] => {
  const { rounds } = rehearsal;
  return [
    ...new Set(rounds.map(cameInSentence)),
    ...memorySentence(rounds),
    ...queueSentence(rounds),
    ...otherFailures(rounds).map(failureSentence),
    ...measurementSentences(rehearsal),
  ];
};

/** Whether everybody came in and could work to the end. */
export const isGood = ({ rounds }: Rehearsal): boolean =>
  rounds.every(({ failures }) => failures.length === 0);

const cameInSentence = ({ arrival, people, cameIn, allIn }: RoundFigures): string => {
  const how = arrival === "spread" ? "within two minutes" : "all at once";
  if (people === 1)
    return cameIn === 1
      ? `1 person comes in within ${duration(allIn)}.`
      : "The only person does not come in.";
  if (cameIn === 0) return `None of ${peopleText(people)} who come ${how} come in.`;
  const who = cameIn < people ? `${cameIn} of` : "All";
  const come = cameIn === 1 ? "comes" : "come";
  return `${who} ${peopleText(people)} who come ${how} ${come} in within ${duration(allIn)}.`;
};

const memorySentence = (rounds: readonly RoundFigures[]): string[] => {
  const [worst] = rounds
    .map(({ failures, people, memory: { limit } }) => {
      const groups = failures.filter(({ kind }) => kind === "memory");
      const count = groups.reduce((sum, group) => sum + group.people, 0);
      return { count, people, limit, cells: cellsOf(groups) };
    })
    .toSorted((one, other) => other.count - one.count);
  if (worst === undefined || worst.count === 0) return [];
  const { count, people, limit, cells } = worst;
  const where = cells.length === 0 ? "" : ` in ${cellsText(cells)}`;
  const at = limit === undefined ? "" : `At ${formatSize(limit * 2 ** 20)}, `;
  return [`${at}${count} of ${people} ${count === 1 ? "runs" : "run"} out of memory${where}.`];
};

const queueSentence = (rounds: readonly RoundFigures[]): string[] => {
  const [first] = rounds
    .filter(({ queued }) => queued > 0)
    .map(({ queued, people, seats }) => {
      const notQueued = people - queued;
      // Some who did not wait had no seat either: they were refused by the full queue, or failed before.
      return { begins: (seats > 0 ? Math.min(notQueued, seats) : notQueued) + 1, seats };
    })
    .toSorted((one, other) => one.begins - other.begins);
  if (first === undefined) return [];
  const { begins, seats } = first;
  // 0: the hub did not answer when it was asked.
  return [
    seats > 0
      ? `The queue begins at ${begins}: you have ${plural(seats, "seat")}.`
      : `The queue begins at ${begins}.`,
  ];
};

/** The failures without a sentence of their own, one for each cause: of a round the sum, of both rounds the larger number. */
const otherFailures = (rounds: readonly RoundFigures[]): FailureGroup[] => {
  const ofRounds = rounds.map(({ failures }) =>
    merged(
      failures.filter(({ kind }) => kind !== "memory" && kind !== "queue"),
      (one, other) => one + other,
    ),
  );
  return merged(ofRounds.flat(), Math.max);
};

const merged = (
  groups: readonly FailureGroup[],
  count: (one: number, other: number) => number,
): FailureGroup[] => {
  const found = new Map<string, FailureGroup>();
  for (const group of groups) {
    const key = `${group.kind} ${group.sentence}`;
    const before = found.get(key) ?? { ...group, people: 0, cells: [] };
    const people = count(before.people, group.people);
    found.set(key, { ...before, people, cells: cellsOf([before, group]) });
  }
  return [...found.values()];
};

const cellsOf = (groups: readonly FailureGroup[]): number[] =>
  [...new Set(groups.flatMap(({ cells }) => cells))].toSorted((one, other) => one - other);

const failureSentence = ({ kind, people, cells, sentence }: FailureGroup): string => {
  const count = peopleText(people);
  const where = cells.length === 0 ? "" : cellsText(cells);
  if (kind === "cell" && where !== "") {
    const fails = cells.length === 1 ? "fails" : "fail";
    return `${capitalized(where)} ${fails} for ${count}: ${sentence}`;
  }
  return `${count} stopped${where === "" ? "" : ` in ${where}`}: ${sentence}`;
};

const measurementSentences = ({ rounds, line, people }: Rehearsal): string[] => {
  const slowest = Math.max(0, ...rounds.map(({ delay }) => delay.p99));
  const bytes = Math.max(0, ...rounds.map((round) => round.bytes));
  const lineMs = line.rate > 0 ? (1000 * bytes) / line.rate : 0;
  return [
    ...(slowest > slowMs
      ? [
          `This computer was too slow for ${peopleText(people)} (${duration(slowest)} late), so the times are too long. Rehearse with fewer people, or from another computer.`,
        ]
      : []),
    ...(lineMs > slowLineMs
      ? [
          `The line of this computer needs ${duration(lineMs)} for the pages of all people, so the times are too long.`,
        ]
      : []),
    ...(line.certificate === undefined
      ? []
      : [`Browsers may refuse the certificate of the class (${line.certificate}).`]),
  ];
};
