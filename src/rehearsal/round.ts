import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { Site } from "./browser/browser.js";
import type { RehearsalHub } from "./hub.js";
import { type Seen, watchMemory } from "./memory.js";
import type { Notebook } from "./notebook.js";
import { type Visit, visit } from "./person/person.js";
import { type PersonResult, type Phase, emptyResult } from "./person/result.js";
import type { Guest } from "./person/start.js";
import { type BrowserVisit, visitInBrowser } from "./probe.js";

/** How people come: spread over two minutes, or all at once. */
export type Arrival = "spread" | "at once";

/** What happened in a round; times are in milliseconds, `began` is a Unix time. */
export type Round = {
  arrival: Arrival;
  began: number;
  people: PersonResult[];
  seen: Seen;
  /** How late this program itself was: if it is slow, its times are too long. */
  delay: { p99: number; worst: number };
  /** What the one person with a real browser saw. */
  browser?: BrowserVisit;
};

export type RoundPlan = {
  arrival: Arrival;
  site: Site;
  people: number;
  /** Milliseconds that each person works after JupyterLab is there. */
  workMs: number;
  notebook: Notebook;
  /** The path of Chromium, with which one of several people comes. */
  chromium?: string | undefined;
  signal: AbortSignal;
  progress: (text: string) => void;
};

/** People come within this time where they are spread. */
const spreadMs = 120_000;
const patienceMs = 35 * 60_000;
const resolution = 20;

/**
 * Lets people come, work and leave. Those who still wait in the queue when everybody else has left go as well. Their users and servers are
 * left to the caller.
 */
export const runRound = async (hub: RehearsalHub, plan: RoundPlan): Promise<Round> => {
  const guests = await hub.begin(plan.people);
  const delay = monitorEventLoopDelay({ resolution });
  const watching = new AbortController();
  const watch = watchMemory(hub, watching.signal);
  const began = Date.now();
  delay.enable();
  try {
    const { people, browser } = await visitAll(guests, plan, began);
    return {
      arrival: plan.arrival,
      began,
      people,
      ...(browser !== undefined && { browser }),
      delay: lateness(delay),
      seen: await end(watching, watch),
    };
  } finally {
    delay.disable();
    await end(watching, watch);
  }
};

const end = async (watching: AbortController, watch: Promise<Seen>): Promise<Seen> => {
  watching.abort();
  return watch;
};

const lateness = (delay: ReturnType<typeof monitorEventLoopDelay>): Round["delay"] => ({
  p99: late(delay.percentile(99)),
  worst: late(delay.max),
});

/** Milliseconds; the histogram has the time between two looks, in nanoseconds. */
const late = (nanoseconds: number): number =>
  Math.max(0, Math.round(nanoseconds / 1e6) - resolution);

const visitAll = async (
  guests: readonly Guest[],
  { arrival, site, workMs, notebook, chromium, signal, progress }: RoundPlan,
  began: number,
): Promise<Pick<Round, "people" | "browser">> => {
  // In the middle, when others are at work; a browser alone would leave nobody to compare with.
  const probe = guests.length > 1 ? Math.floor(guests.length / 2) : undefined;
  let browser: BrowserVisit | undefined;
  const closing = new AbortController();
  const stop = AbortSignal.any([signal, closing.signal]);
  const phases = new Map<string, Phase | "absent" | "gone">(
    guests.map(({ name }) => [name, "absent"]),
  );
  const change = (name: string, phase: Phase | "gone"): void => {
    phases.set(name, phase);
    progress(stateText([...phases.values()]));
    if ([...phases.values()].every((each) => each === "gone" || each === "queue")) closing.abort();
  };
  const step = arrival === "spread" ? spreadMs / guests.length : 0;
  const come = async (guest: Guest, index: number): Promise<PersonResult> => {
    const plan: Visit = {
      site,
      notebook,
      workUntil: (ready) => ready + workMs,
      deadline: began + spreadMs + patienceMs + workMs,
      signal: stop,
      onPhase: (phase) => change(guest.name, phase),
    };
    await pause(index * step, undefined, { signal }).catch(() => {});
    const result = signal.aborted ? interrupted(guest) : await visitAs(guest, index, plan);
    change(guest.name, "gone");
    return result;
  };
  const visitAs = async (guest: Guest, index: number, plan: Visit): Promise<PersonResult> => {
    if (chromium === undefined || index !== probe) return visit(guest, plan);
    const seen = await visitInBrowser(guest, chromium, plan);
    ({ browser } = seen);
    return seen.result;
  };
  const people = await Promise.all(guests.map(come));
  return { people, ...(browser !== undefined && { browser }) };
};

const interrupted = ({ name }: Guest): PersonResult => ({
  ...emptyResult(name, Date.now()),
  failure: { kind: "interrupted", phase: "login", sentence: "The rehearsal was stopped." },
});

/** "12 in the notebook, 3 starting, 25 not here yet". */
const stateText = (phases: readonly (Phase | "absent" | "gone")[]): string =>
  Object.entries(words)
    .map(
      ([word, members]) =>
        [phases.filter((phase) => members.includes(phase)).length, word] as const,
    )
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(", ");

const words: Record<string, readonly string[]> = {
  done: ["gone"],
  working: ["answer"],
  "in the notebook": ["notebook", "cell", "save"],
  "opening JupyterLab": ["JupyterLab"],
  starting: ["start"],
  "in the queue": ["queue"],
  "logging in": ["login"],
  "not here yet": ["absent"],
};
