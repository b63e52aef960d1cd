import { z } from "zod";
import type { Cluster } from "../cluster/cluster.js";
import { runInHub } from "./hub.js";

const start = z.object({
  key: z.string(),
  at: z.number(),
  group: z.string().optional(),
  ready: z.number(),
  total: z.number(),
  going: z.boolean(),
  missing: z.array(z.object({ name: z.string(), say: z.string() })),
  problem: z.string().optional(),
});

/** Warm starts as the hub reports them (hub/swarmhub/warm/report.py): those of now, and the next one. Times in seconds since 1970. */
export const warmReport = z.object({
  starts: z.array(start),
  next: z
    .object({ at: z.number(), group: z.string().optional(), say: z.string().optional() })
    .optional(),
});

export type WarmReport = z.infer<typeof warmReport>;

/** One warm start in the report. */
export type WarmStartReport = WarmReport["starts"][number];

/** A warm start: `at` in seconds since 1970, null is now; `members` are those of the group who are not on the roster. */
export type WarmRequest = { at: number | null; group: string | null; members: string[] };

const planned = z.union([z.object({ why: z.string() }), warmReport.extend({ key: z.string() })]);

/** What goes on, and what comes next. */
export const inspectWarm = async (cluster: Cluster): Promise<WarmReport> =>
  warmReport.parse(await ask(cluster, "report", {}));

/** Lets the hub start servers, now or later; the answer has the key of this start, or why the hub refuses. */
export const planWarm = async (
  cluster: Cluster,
  request: WarmRequest,
): Promise<z.infer<typeof planned>> => planned.parse(await ask(cluster, "plan", request));

/** Forgets what was planned by hand and ends what goes on; answers how many warm starts that were. */
export const cancelWarm = async (cluster: Cluster): Promise<number> =>
  z.object({ cancelled: z.number() }).parse(await ask(cluster, "cancel", {})).cancelled;

const ask = (cluster: Cluster, action: string, payload: object): Promise<unknown> =>
  runInHub(cluster, ["swarmhub.services.warm_start", action], {
    purpose: "no server starts before its user comes",
    payload,
    timeout: 60_000,
  });
