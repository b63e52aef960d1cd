import { duration, formatSize, plural } from "../text/format.js";
import type { FailureGroup, RoundFigures } from "./figures.js";
import type { Rehearsal } from "./rehearsal.js";
import { peopleText } from "./words.js";

/** A program that is later than this measures itself. */
const slowMs = 200;
/** A line that takes longer than this for the pages of all people shapes the result. */
const slowLineMs = 30_000;

/** What the teacher wants to know, in sentences; the first is the most important one. */
export const verdict = (rehearsal: Rehearsal): string[] => {
  const { rounds } = rehearsal;
  const worst = rounds.flatMap(({ failures }) => failures);
  return [
    ...rounds.map(cameInSentence),
    ...unique(rounds.flatMap((round) => memorySentences(round))),
    ...unique(rounds.flatMap(queueSentence)),
    ...unique(worst.filter(({ kind }) => !["memory", "queue"].includes(kind)).map(failureSentence)),
    ...measurementSentences(rehearsal),
  ];
};

/** Whether everybody came in and could work to the end. */
export const isGood = ({ rounds }: Rehearsal): boolean =>
  rounds.every(({ failures }) => failures.length === 0);

const cameInSentence = ({ arrival, people, cameIn, allIn }: RoundFigures): string => {
  const how = arrival === "spread" ? "within two minutes" : "all at once";
  if (people === 1 && cameIn === 1) return `1 person comes in within ${duration(allIn)}.`;
  if (cameIn === 0) return `None of ${peopleText(people)} who come ${how} come in.`;
  const who = cameIn < people ? `${cameIn} of` : "All";
  return `${who} ${peopleText(people)} who come ${how} come in within ${duration(allIn)}.`;
};

const memorySentences = ({ failures, people, memory: { limit } }: RoundFigures): string[] => {
  const groups = failures.filter(({ kind }) => kind === "memory");
  const count = groups.reduce((sum, group) => sum + group.people, 0);
  if (count === 0) return [];
  const cells = [...new Set(groups.flatMap((group) => group.cells))].toSorted((a, b) => a - b);
  const where =
    cells.length === 0
      ? ""
      : ` in ${cells.length === 1 ? "cell" : "cells"} ${cells.slice(0, 5).join(", ")}`;
  const at = limit === undefined ? "" : `At ${formatSize(limit * 2 ** 20)}, `;
  return [`${at}${count} of ${people} run out of memory${where}.`];
};

const queueSentence = ({ queued, people, seats }: RoundFigures): string[] =>
  queued === 0
    ? []
    : [`The queue begins at ${people - queued + 1}: you have ${plural(seats, "seat")}.`];

const failureSentence = ({ kind, people, cells, sentence }: FailureGroup): string => {
  const count = peopleText(people);
  const [cell] = cells;
  if (kind === "cell" && cell !== undefined) return `Cell ${cell} fails for ${count}: ${sentence}`;
  const where = cell === undefined ? "" : ` in cell ${cell}`;
  return `${count} stopped${where}: ${sentence}`;
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

const unique = (sentences: readonly string[]): string[] => [...new Set(sentences)];
