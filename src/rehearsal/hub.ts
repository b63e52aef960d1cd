import { z } from "zod";
import type { Cluster } from "../cluster/cluster.js";
import { runInHub } from "../swarm/hub.js";
import { type RoomState, inspectRoom } from "../swarm/room.js";
import type { Guest } from "./person/start.js";

/** What a rehearsal asks of the hub (hub/swarmhub/services/rehearsal.py). */
export type RehearsalHub = {
  /** Makes people; there must be none of another rehearsal. */
  begin: (people: number) => Promise<Guest[]>;
  /** Tells the hub, which ends a rehearsal that it has not heard of for ten minutes, that this one goes on. */
  hear: () => Promise<void>;
  /** Stops their servers and removes the people; returns those whose servers did not stop. */
  end: () => Promise<string[]>;
  room: () => Promise<RoomState>;
};

/** The hub of a class. */
export const rehearsalHub = (cluster: Cluster): RehearsalHub => {
  const call = (action: "begin" | "hear" | "end", payload: object = {}): Promise<unknown> =>
    runInHub(cluster, ["swarmhub.services.rehearsal_api", action], {
      purpose: "nothing can be rehearsed",
      payload,
      timeout: 300_000,
    });
  return {
    begin: async (people) => begun.parse(await call("begin", { people })).people,
    hear: async () => void (await call("hear")),
    end: async () => ended.parse(await call("end")).left,
    room: () => inspectRoom(cluster),
  };
};

const begun = z.object({ people: z.array(z.object({ name: z.string(), ticket: z.string() })) });
const ended = z.object({ left: z.array(z.string()) });
