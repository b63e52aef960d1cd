import type { Seen } from "./memory.js";
import { type Failure, type PersonResult, type Phase, phases } from "./person/result.js";
import type { BrowserVisit } from "./probe.js";
import type { Arrival, Round } from "./round.js";

/** Times of one phase in milliseconds. */
export type PhaseFigures = { phase: Phase; count: number; p50: number; p95: number; worst: number };

/** Failures with the same sentence: of how many people, and the cells in which they happened. */
export type FailureGroup = Pick<Failure, "kind" | "phase" | "sentence"> & {
  people: number;
  cells: number[];
};

/** A round in figures; times are in milliseconds, memory in MB. */
export type RoundFigures = {
  arrival: Arrival;
  people: number;
  /** How many had JupyterLab, and the time until the last of them had it since the round began. */
  cameIn: number;
  allIn: number;
  phases: PhaseFigures[];
  failures: FailureGroup[];
  /** How many met the queue. */
  queued: number;
  seats: number;
  memory: {
    most: number;
    limit: number | undefined;
    /** Everybody whose server the hub saw, the largest first. */
    people: { name: string; most: number; limit?: number; machine?: string }[];
    machines: { name: string; most: number; total: number | undefined }[];
  };
  delay: Round["delay"];
  browser?: BrowserVisit;
  requests: number;
  bytes: number;
  /** When each person had JupyterLab, since the round began, in order. */
  readyAfter: number[];
};

/** The figures of a round. A kernel that ended counts as ended for memory; the hub's own count makes it certain. */
export const figuresOf = ({
  arrival,
  began,
  people,
  seen,
  delay,
  browser,
}: Round): RoundFigures => {
  const readyAfter = people
    .flatMap(({ ready }) => (ready === undefined ? [] : [ready - began]))
    .toSorted((one, other) => one - other);
  return {
    arrival,
    people: people.length,
    cameIn: readyAfter.length,
    allIn: readyAfter.at(-1) ?? 0,
    phases: phases.flatMap((phase) => phaseFigures(phase, people)),
    failures: groupsOf(people),
    queued: people.filter(({ place }) => place !== undefined).length,
    seats: seen.seats,
    memory: {
      most: Math.max(0, ...seen.people.map(({ memory }) => memory)),
      limit: seen.people.find(({ limit }) => limit !== undefined)?.limit,
      people: memoryByPerson(seen),
      machines: seen.machines.map(({ name, memory, total }) => ({ name, most: memory, total })),
    },
    delay,
    ...(browser !== undefined && { browser }),
    requests: sum(people.map(({ requests }) => requests)),
    bytes: sum(people.map(({ bytes }) => bytes)),
    readyAfter,
  };
};

const memoryByPerson = ({ people }: Seen): RoundFigures["memory"]["people"] =>
  people
    .filter(({ memory }) => memory > 0)
    .toSorted((one, other) => other.memory - one.memory)
    .map(({ name, memory, limit, machine }) => ({
      name,
      most: memory,
      ...(limit !== undefined && { limit }),
      ...(machine !== undefined && { machine }),
    }));

const phaseFigures = (phase: Phase, people: readonly PersonResult[]): PhaseFigures[] => {
  const times = people
    .flatMap((person) => person.times[phase])
    .toSorted((one, other) => one - other);
  const worst = times.at(-1);
  if (worst === undefined) return [];
  return [{ phase, count: times.length, p50: share(times, 0.5), p95: share(times, 0.95), worst }];
};

/** The value that a share of the sorted values does not exceed (nearest rank). */
export const share = (sorted: readonly number[], part: number): number =>
  sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;

const groupsOf = (people: readonly PersonResult[]): FailureGroup[] => {
  const groups = new Map<string, FailureGroup>();
  for (const { failure } of people) {
    if (failure === undefined) continue;
    const { kind, phase, cell } = failure;
    // Each has another number in the queue.
    const sentence = kind === "queue" ? "All seats were taken until the end." : failure.sentence;
    const key = `${kind} ${phase} ${sentence}`;
    const group = groups.get(key) ?? { kind, phase, sentence, people: 0, cells: [] };
    group.people += 1;
    if (cell !== undefined && !group.cells.includes(cell)) group.cells.push(cell);
    groups.set(key, group);
  }
  return [...groups.values()].toSorted((one, other) => other.people - one.people);
};

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
