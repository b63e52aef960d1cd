import { z } from "zod";
import type { Cluster } from "../cluster/cluster.js";
import { UserError } from "../errors.js";
import { containerOf } from "./tasks.js";

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

const callHub = (
  cluster: Cluster,
  action: "look" | "stop" | "start",
  payload: object,
  timeout: number,
): Promise<unknown> =>
  runInHub(cluster, ["swarmhub.services.operator_api", action], {
    purpose: "users' servers cannot be stopped or moved",
    payload,
    timeout,
  });

/**
 * Runs a Python module in the hub's container and returns the JSON that it prints. The payload goes through stdin, since a user's
 * name may contain anything; `timeout` is in milliseconds, `purpose` what cannot be done without the hub.
 */
export const runInHub = async (
  cluster: Cluster,
  module: readonly string[],
  { purpose, payload, timeout }: { purpose: string; payload: object; timeout: number },
): Promise<unknown> => {
  const { manager } = cluster;
  const hub = await containerOf(cluster, "hub");
  if (hub === undefined)
    throw new UserError(`the hub does not run, so ${purpose}`, {
      host: manager.name,
      hint: "to start it, type `swarmhub up`",
    });
  const argv = ["docker", "exec", "-i", hub, "python3", "-m", ...module];
  return JSON.parse(await manager.run(argv, { input: JSON.stringify(payload), timeout }));
};
