import { Resolver, lookup } from "node:dns/promises";
import type { Cluster } from "../cluster/cluster.js";
import type { Machines } from "../cluster/machines.js";
import { UserError, exitCode } from "../errors.js";
import type { Host } from "../host/host.js";

/** How severe a finding is: a note could not be decided, a warning is harmless for now, an error stops `up`. */
export type Level = "ok" | "note" | "warning" | "error";

/** The result of one check on one subject; without a host it is about the whole class. */
export type Finding = { host?: string; level: Level; text: string; hint?: string };

/** The operator's own machine: its clock (milliseconds since 1970), DNS lookups and HTTP. */
export type OperatorMachine = {
  now: () => number;
  lookup: (name: string) => Promise<string[]>;
  /** The authorities that the CAA records of exactly this name allow, for this name or for the names below it. */
  issuers: (name: string, isWildcard: boolean) => Promise<string[]>;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
};

/** The input of a check. */
export type CheckContext = {
  /** The machines that could be reached. */
  cluster: Cluster;
  /** All that are known, for the plan. */
  whole: Cluster;
  machines: Machines;
  listening: (host: Host) => readonly Listener[];
  operator: OperatorMachine;
};

/** One preflight check. It changes nothing on a machine and leaves nothing running there. */
export type Check = { name: string; run: (context: CheckContext) => Promise<Finding[]> };

/** The machine on which swarmhub runs. */
export const operatorMachine: OperatorMachine = {
  now: () => Date.now(),
  lookup: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  issuers: async (name, isWildcard) => {
    const records = await new Resolver({ timeout: 2000, tries: 2 }).resolveCaa(name);
    const wild = records.flatMap(({ issuewild }) => issuewild ?? []);
    return isWildcard && wild.length > 0 ? wild : records.flatMap(({ issue }) => issue ?? []);
  },
  fetch: (url, init) => fetch(url, init),
};

/** The result of a promise; undefined if it rejects or takes longer than so many milliseconds. */
export const withTimeout = async <T>(
  milliseconds: number,
  promise: Promise<T>,
): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, milliseconds, undefined);
  });
  try {
    return await Promise.race([promise.catch(() => undefined), timeout]);
  } finally {
    clearTimeout(timer);
  }
};

/** A UserError as a finding of level error; rethrows other errors and those of an unreachable machine. */
export const findingFrom = (error: unknown): Finding => {
  if (!(error instanceof UserError) || error.code === exitCode.unreachable) throw error;
  const { reason, host, hint } = error;
  return {
    level: "error",
    text: host === undefined ? error.message : reason,
    ...(host !== undefined && { host }),
    ...(hint !== undefined && { hint }),
  };
};

/** A TCP port in use, and the program that listens on it. */
export type Listener = { port: number; program: string };

/** The listening programs of each machine; not among the facts, since `ss -p` reads every process. */
export const inspectListening = async ({
  hosts,
}: Cluster): Promise<(host: Host) => readonly Listener[]> => {
  const listeners = new Map(
    await Promise.all(hosts.map(async (host) => [host, await listeningOn(host)] as const)),
  );
  return (host) => listeners.get(host) ?? [];
};

const listeningOn = async (host: Host): Promise<Listener[]> => {
  const answer = await host.run(["ss", "-Hltnp"], { timeout: 15_000 });
  return answer.split("\n").flatMap((line) => {
    const [, port] = /:(\d+)\s/.exec(line) ?? [];
    const [, program = "a program"] = /\(\("([^"]+)"/.exec(line) ?? [];
    return port === undefined ? [] : [{ port: Number(port), program }];
  });
};
