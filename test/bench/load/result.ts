import { percentile } from "../figure.js";

/** The target of a load; over TLS if the port is 443. */
export type Site = { host: string; port: number; name: string; http2?: boolean };

/** The kinds of load; times in seconds. */
export type Load =
  | ({ kind: "at once"; connections: number; seconds: number } & PageRequest)
  | ({ kind: "paced"; connections: number; perSecond: number; seconds: number } & PageRequest)
  | ({ kind: "connections"; count: number; isResumed: boolean } & PageRequest)
  | { kind: "echo"; site: Site; sockets: number; perSecond: number; seconds: number }
  | ({ kind: "watch"; sockets: number; seconds: number } & PageRequest);

/** A request, and the length that its answer must have. */
export type PageRequest = { site: Site; path: string; bytes: number };

/** The answers per second, their times in milliseconds, and the share of a core that the client used. */
export type Rates = { perSecond: number; p50: number; p99: number; cpu: number };

/** The broken websockets, the longest time without an answer to a new connection, and the slowest echo; milliseconds. */
export type WatchResult = { broken: number; silent: number; slowest: number };

export type LoadResult = Rates | WatchResult;

/** The rates from the times of all answers in milliseconds and the start of the measurement. */
export const rates = (times: readonly number[], { at, cpu }: Start): Rates => {
  const ms = performance.now() - at;
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: (times.length / ms) * 1000,
    p50: percentile(times, 50),
    p99: percentile(times, 99),
    cpu: (user + system) / 1000 / ms,
  };
};

type Start = { at: number; cpu: NodeJS.CpuUsage };

/** Starts a measurement. */
export const startMeasurement = (): Start => ({ at: performance.now(), cpu: process.cpuUsage() });
