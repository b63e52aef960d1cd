import { z } from "zod";
import type { Cluster } from "../cluster/cluster.js";
import { runHubProgram } from "./hub-program.js";

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

const closed = z.object({
  ok: z.boolean(),
  why: z.string().optional(),
  sentences: z.array(z.string()).default([]),
  servers: z.number().nullable().default(null),
});

/**
 * Closes the class until a time (with an offset; null: until it is opened), and stops servers after a time in seconds (null: never).
 * `sentences` is what people read, `servers` how many of theirs run, null if the hub does not answer. `now` has the operator's offset.
 */
export const closeByHub = async (
  cluster: Cluster,
  request: { until: string | null; stopAfter: number | null; now: string; zone: string },
): Promise<z.output<typeof closed>> =>
  closed.parse(await callHub(cluster, "close", request, 60_000));

/** Opens the class again; the answer is whether it was closed. */
export const reopenByHub = async (cluster: Cluster): Promise<boolean> =>
  z.object({ wasClosed: z.boolean() }).parse(await callHub(cluster, "reopen", {}, 60_000))
    .wasClosed;

const noServers = "users' servers cannot be stopped or moved";
const withoutHub = {
  look: noServers,
  stop: noServers,
  start: noServers,
  close: "the class cannot be closed",
  reopen: "the class cannot be opened",
};

const callHub = (
  cluster: Cluster,
  action: keyof typeof withoutHub,
  payload: object,
  timeout: number,
): Promise<unknown> =>
  runInHub(cluster, ["swarmhub.services.operator_api", action], {
    purpose: withoutHub[action],
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
): Promise<unknown> =>
  JSON.parse(
    await runHubProgram(cluster, module, purpose, { input: JSON.stringify(payload), timeout }),
  );
