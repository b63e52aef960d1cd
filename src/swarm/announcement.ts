import { z } from "zod";
import type { Cluster } from "../cluster/cluster.js";
import { runInHub } from "./hub.js";

const announcement = z.object({
  text: z.string(),
  /** Seconds since 1970. */
  since: z.number(),
  until: z.number().nullable(),
});

/** What a teacher has said to everybody (hub/swarmhub/room/announcement.py). */
export type Announcement = z.infer<typeof announcement>;

const answer = z.object({
  ok: z.boolean(),
  why: z.string().optional(),
  was: z.boolean().default(false),
  announcement: announcement.nullable().default(null),
});

/**
 * Announces a text until a time with an offset (null: until it is withdrawn), or withdraws it; without both only asks. `was` is whether
 * there was an announcement before.
 */
export const announceByHub = async (
  cluster: Cluster,
  request: { text?: string | undefined; until?: string | undefined; withdraw: boolean },
): Promise<z.output<typeof answer>> =>
  answer.parse(
    await runInHub(cluster, ["swarmhub.services.announce"], {
      purpose: "nothing can be announced",
      payload: request,
      timeout: 60_000,
    }),
  );
