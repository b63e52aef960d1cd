import type { Cluster } from "../cluster.js";
import type { Host } from "../host.js";
import type { Machines } from "../machines.js";
import type { Listener } from "./listening.js";

/** How a finding weighs: a note could not be decided, a warning can be lived with, a refusal stops `up`. */
export type Level = "ok" | "note" | "warning" | "refusal";

/** One thing that a check found; without a host it is about the class as a whole. */
export type Finding = { host?: string; level: Level; text: string; cure?: string };

/** What the operator's own machine answers: milliseconds since 1970, the addresses of a name, who may give out its certificates, web pages. */
export type World = {
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
  world: World;
};

/** One look before anything is done. It leaves nothing on a machine that does not end with it. */
export type Check = { name: string; run: (context: CheckContext) => Promise<Finding[]> };
