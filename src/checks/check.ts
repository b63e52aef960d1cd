import { Resolver, lookup } from "node:dns/promises";
import type { Cluster } from "../cluster/cluster.js";
import type { Machines } from "../cluster/machines.js";
import { UserError, exitCode } from "../errors.js";
import type { Host } from "../host/host.js";

/** How severe a finding is: a note could not be decided, a warning is harmless for now, an error stops `up`. */
export type Level = "ok" | "note" | "warning" | "error";

/** One thing that a check found; without a host it is about the class as a whole. */
export type Finding = { host?: string; level: Level; text: string; hint?: string };

/** What the operator's own machine answers: milliseconds since 1970, the addresses of a name, who may give out its certificates, web pages. */
export type OperatorMachine = {
  now: () => number;
  lookup: (name: string) => Promise<string[]>;
  /** The authorities in the CAA records of exactly this name. */
  issuers: (name: string) => Promise<string[]>;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
};

/** What a check looks at. */
export type CheckContext = {
  cluster: Cluster;
  machines: Machines;
  listening: (host: Host) => readonly Listener[];
  world: OperatorMachine;
};

/** One look before anything is done. It leaves nothing on a machine that does not end with it. */
export type Check = { name: string; run: (context: CheckContext) => Promise<Finding[]> };

/** The machine that we sit at. */
export const operatorMachine: OperatorMachine = {
  now: () => Date.now(),
  lookup: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  issuers: async (name) => {
    const records = await new Resolver({ timeout: 2000, tries: 2 }).resolveCaa(name);
    return records.flatMap(({ issue }) => issue ?? []);
  },
  fetch: (url, init) => fetch(url, init),
};

/** What the work answers, or undefined where it fails or takes longer than so many milliseconds. */
export const withTimeout = async <T>(
  milliseconds: number,
  work: Promise<T>,
): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, milliseconds, undefined);
  });
  try {
    return await Promise.race([work.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
};

/** A UserError as a finding. Throws anything else, and a lost machine's error. */
export const refusalFrom = (error: unknown): Finding => {
  if (!(error instanceof UserError) || error.code === exitCode.unreachable) throw error;
  const { reason, host, hint } = error;
  return {
    level: "error",
    text: host === undefined ? error.message : reason,
    ...(host !== undefined && { host }),
    ...(hint !== undefined && { hint }),
  };
};

/** A TCP port that something listens on, with what listens. */
export type Listener = { port: number; program: string };

/** What listens on each machine. No part of the facts: who it is takes a look at every process. */
export const inspectListening = async ({
  hosts,
}: Cluster): Promise<(host: Host) => readonly Listener[]> => {
  const looks = new Map(
    await Promise.all(hosts.map(async (host) => [host, await listeningOn(host)] as const)),
  );
  return (host) => looks.get(host) ?? [];
};

const listeningOn = async (host: Host): Promise<Listener[]> => {
  const answer = await host.run(["ss", "-Hltnp"], { timeout: 15_000 });
  return answer.split("\n").flatMap((line) => {
    const [, port] = /:(\d+)\s/.exec(line) ?? [];
    const [, program = "a program"] = /\(\("([^"]+)"/.exec(line) ?? [];
    return port === undefined ? [] : [{ port: Number(port), program }];
  });
};
