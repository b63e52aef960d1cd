import { z } from "zod";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { containerOf } from "./tasks.js";

/** A user's server as the hub sees it: seconds since somebody did something there; whether a kernel is at work, null where that is not known. */
export type Activity = {
  user: string;
  home: string;
  ready: boolean;
  idle: number;
  busy: boolean | null;
};

/** How a wish ended that the hub was told, and in its words why not. */
export type Ended = { ok: boolean; why?: string | undefined };

const seen = z.array(
  z.object({
    user: z.string(),
    home: z.string(),
    ready: z.boolean(),
    idle: z.number(),
    busy: z.boolean().nullable(),
  }),
);
const ended = z.object({ ok: z.boolean(), why: z.string().optional() });

/** What the hub knows of the servers of these homes; nothing of those that it has not started. */
export const inspectActivity = async (
  manager: Host,
  homes: readonly string[],
): Promise<Activity[]> => seen.parse(await ask(manager, "look", { homes }, 60_000));

/** Stops a server as its user would, and waits until it is gone. */
export const stopByHub = async (manager: Host, user: string): Promise<Ended> =>
  ended.parse(await ask(manager, "stop", { user }, 120_000));

/** Starts a user's server, and waits until it is ready. */
export const startByHub = async (manager: Host, user: string): Promise<Ended> =>
  ended.parse(await ask(manager, "start", { user }, 180_000));

// By stdin, since a user's name may be anything.
const ask = async (
  manager: Host,
  what: "look" | "stop" | "start",
  question: object,
  timeout: number,
): Promise<unknown> => {
  const hub = await containerOf(manager, "hub");
  if (hub === undefined)
    throw new UserError("the hub does not run, so nobody's server can be stopped or moved", {
      host: manager.name,
      hint: "`swarmhub up` starts it",
    });
  const argv = [
    "docker",
    "exec",
    "-i",
    hub,
    "python3",
    "-m",
    "swarmhub.services.operator_api",
    what,
  ];
  return JSON.parse(await manager.run(argv, { input: JSON.stringify(question), timeout }));
};
