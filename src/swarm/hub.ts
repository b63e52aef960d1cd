import { z } from "zod";
import type { Cluster } from "../cluster/cluster.js";
import { hubProgram } from "./hub-program.js";

/** A user's server as the hub reports it: `idle` in seconds; `busy`: whether a kernel is running code, null if unknown. */
export type Activity = {
  user: string;
  home: string;
  ready: boolean;
  idle: number;
  busy: boolean | null;
};

/** The result of a request to the hub; `why` is its reason for a failure. */
export type HubResult = { ok: boolean; why?: string | undefined };

const activities = z.array(
  z.object({
    user: z.string(),
    home: z.string(),
    ready: z.boolean(),
    idle: z.number(),
    busy: z.boolean().nullable(),
  }),
);
const result = z.object({ ok: z.boolean(), why: z.string().optional() });

/** The hub's activity data on the servers of these homes; it has none on servers that it did not start. */
export const inspectActivity = async (
  cluster: Cluster,
  homes: readonly string[],
): Promise<Activity[]> => activities.parse(await callHub(cluster, "look", { homes }, 60_000));

/** Stops a user's server through the hub, and waits until it is gone. */
export const stopByHub = async (cluster: Cluster, user: string): Promise<HubResult> =>
  result.parse(await callHub(cluster, "stop", { user }, 120_000));

/** Starts a user's server through the hub, and waits until it is ready. */
export const startByHub = async (cluster: Cluster, user: string): Promise<HubResult> =>
  result.parse(await callHub(cluster, "start", { user }, 180_000));

// Through stdin, since a user's name may contain anything.
const callHub = async (
  cluster: Cluster,
  action: "look" | "stop" | "start",
  payload: object,
  timeout: number,
): Promise<unknown> => {
  const argv = await hubProgram(
    cluster,
    "swarmhub.services.operator_api",
    action,
    "users' servers cannot be stopped or moved",
  );
  return JSON.parse(await cluster.manager.run(argv, { input: JSON.stringify(payload), timeout }));
};
