import { z } from "zod";
import type { Cluster } from "../cluster/cluster.js";
import { paths } from "../paths.js";
import { runInHub } from "./hub.js";
import { warmReport } from "./warm.js";

const person = z.object({
  name: z.string(),
  role: z.string(),
  state: z.string(),
  say: z.string().optional(),
  place: z.number().optional(),
  since: z.number().optional(),
  machine: z.string().optional(),
  memory: z.number().optional(),
  limit: z.number().optional(),
  cpu: z.number().optional(),
  cores: z.number().optional(),
  home: z.number().optional(),
  quota: z.number().optional(),
  activity: z.number().optional(),
  busy: z.boolean().optional(),
  /** When the person asked for help in JupyterLab. */
  help: z.number().optional(),
  warm: z.boolean().optional(),
  ended: z.object({ count: z.number(), at: z.number(), before: z.boolean() }).optional(),
});

const machine = z.object({
  name: z.string(),
  state: z.string(),
  open: z.boolean(),
  people: z.number(),
  heard: z.number().optional(),
  memory: z.number().optional(),
  memoryTotal: z.number().optional(),
  cpu: z.number().optional(),
  cores: z.number().optional(),
  load: z.number().optional(),
  disk: z.number().optional(),
  diskTotal: z.number().optional(),
});

const part = z.union([
  z.string(),
  z.object({ person: z.string() }),
  z.object({ time: z.number() }),
]);

const room = z.object({
  class: z.string(),
  now: z.number(),
  seats: z.number(),
  taken: z.number(),
  queue: z.number(),
  announcement: z
    .object({ text: z.string(), since: z.number(), until: z.number().nullable() })
    .nullish(),
  /** What people read who may not come in. */
  closed: z.string().nullish(),
  warm: warmReport.optional(),
  /** Why there is nothing new from `servers.content`. */
  contentProblem: z.string().nullish(),
  people: z.array(person),
  machines: z.array(machine),
  warnings: z.array(z.array(part)),
});

/** The room as the hub sees it (hub/swarmhub/room/): sizes in MB, times in seconds since 1970. */
export type RoomState = z.infer<typeof room>;

/** Everybody of the class, the machines and the warnings, from the hub's memory. */
export const inspectRoom = async (cluster: Cluster): Promise<RoomState> =>
  room.parse(
    await runInHub(cluster, ["swarmhub.services.room_state"], {
      purpose: "nobody knows who is here",
      payload: {},
      timeout: 60_000,
    }),
  );

/** The token with which Prometheus gets the figures of the room; the hub creates it at its start. */
export const metricsToken = async ({ manager }: Cluster): Promise<string> =>
  (
    await manager.run(["cat", `${paths.hub}/room-metrics-token`], { title: "read the token" })
  ).trim();
