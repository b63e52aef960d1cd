import { percentile } from "../figure.js";

/** Whom to ask: over TLS where it is port 443. */
export type Site = { host: string; port: number; name: string; http2?: boolean };

/** What to put on a site. Seconds; `bytes` is how long each answer must be. */
export type Load =
  | ({ kind: "at once"; connections: number; seconds: number } & Question)
  | ({ kind: "paced"; connections: number; perSecond: number; seconds: number } & Question)
  | ({ kind: "connections"; count: number; isResumed: boolean } & Question)
  | { kind: "echo"; site: Site; sockets: number; perSecond: number; seconds: number }
  | ({ kind: "watch"; sockets: number; seconds: number } & Question);

export type Question = { site: Site; path: string; bytes: number };

/** Of one load's answers: how many in a second, how long they took in milliseconds, and what share of a core asking took. */
export type Rates = { perSecond: number; p50: number; p99: number; cpu: number };

/** What became of open sockets, and for how many milliseconds at most nobody was answered who came anew. */
export type Watched = { broken: number; silent: number; latest: number };

export type Seen = Rates | Watched;

/** From the times of all answers, in milliseconds, and since when they came. */
export const rates = (took: readonly number[], { at, cpu }: Begun): Rates => {
  const ms = performance.now() - at;
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: (took.length / ms) * 1000,
    p50: percentile(took, 50),
    p99: percentile(took, 99),
    cpu: (user + system) / 1000 / ms,
  };
};

type Begun = { at: number; cpu: NodeJS.CpuUsage };

/** The moment from which answers count. */
export const begin = (): Begun => ({ at: performance.now(), cpu: process.cpuUsage() });
