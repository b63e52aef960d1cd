import { duration } from "../text/format.js";
import type { RoundFigures } from "./figures.js";
import type { Rehearsal } from "./rehearsal.js";
import { peopleText } from "./words.js";

/** Changes below this share are not worth a line: two rehearsals of one class differ by as much. */
const noise = 0.15;
const leastMs = 500;

/** What has changed since the last rehearsal, in lines; none without one, or if nothing did. */
export const comparison = (now: Rehearsal, before: Rehearsal | undefined): string[] => {
  if (before === undefined) return [];
  const lines = now.rounds.flatMap((round) => {
    const other = before.rounds.find(({ arrival }) => arrival === round.arrival);
    return other === undefined ? [] : changes(round, other);
  });
  const size =
    now.people === before.people && now.notebook === before.notebook
      ? ""
      : ` (with ${peopleText(before.people)} and ${before.notebook})`;
  const since = `Compared with ${before.at.slice(0, 16).replace("T", " ")} UTC${size}`;
  return lines.length === 0 ? [`${since}: no notable change.`] : [`${since}:`, ...lines];
};

const changes = (now: RoundFigures, before: RoundFigures): string[] => [
  ...changed(`${now.arrival}: everybody in`, now.allIn, before.allIn),
  ...now.phases.flatMap(({ phase, p95 }) => {
    const other = before.phases.find((each) => each.phase === phase);
    return other === undefined ? [] : changed(`${now.arrival}: ${phase}, p95`, p95, other.p95);
  }),
  ...(failed(now) === failed(before)
    ? []
    : [`  ${now.arrival}: ${peopleText(failed(now))} failed, ${failed(before)} before`]),
];

const changed = (name: string, now: number, before: number): string[] => {
  const difference = Math.abs(now - before);
  if (before <= 0 || difference < leastMs || difference / before < noise) return [];
  return [`  ${name} ${duration(now)}, ${duration(before)} before`];
};

const failed = ({ failures }: RoundFigures): number =>
  failures.reduce((sum, { people }) => sum + people, 0);
