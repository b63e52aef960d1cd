import { z } from "zod";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
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
  manager: Host,
  homes: readonly string[],
): Promise<Activity[]> => activities.parse(await callHub(manager, "look", { homes }, 60_000));

/** Stops a user's server through the hub, and waits until it is gone. */
export const stopByHub = async (manager: Host, user: string): Promise<HubResult> =>
  result.parse(await callHub(manager, "stop", { user }, 120_000));

/** Starts a user's server through the hub, and waits until it is ready. */
export const startByHub = async (manager: Host, user: string): Promise<HubResult> =>
  result.parse(await callHub(manager, "start", { user }, 180_000));

// Through stdin, since a user's name may contain anything.
const callHub = async (
  manager: Host,
  action: "look" | "stop" | "start",
  payload: object,
  timeout: number,
): Promise<unknown> => {
  const hub = await containerOf(manager, "hub");
  if (hub === undefined)
    throw new UserError("the hub does not run, so users' servers cannot be stopped or moved", {
      host: manager.name,
      hint: "to start it, type `swarmhub up`",
    });
  const argv = [
    "docker",
    "exec",
    "-i",
    hub,
    "python3",
    "-m",
    "swarmhub.services.operator_api",
    action,
  ];
  return JSON.parse(await manager.run(argv, { input: JSON.stringify(payload), timeout }));
};
