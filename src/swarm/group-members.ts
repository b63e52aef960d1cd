import { z } from "zod";
import type { Cluster } from "../cluster/cluster.js";
import { runInHub } from "./hub.js";

const members = z.record(z.string(), z.array(z.string()));

/** The members of each of these groups by the hub's rule: those of the configuration, of the roster, and of the provider's last answers. */
export const inspectGroups = async (
  cluster: Cluster,
  groups: readonly string[],
): Promise<Record<string, string[]>> =>
  members.parse(
    await runInHub(cluster, ["swarmhub.services.group_members"], {
      purpose: "nobody knows who is in the groups of the provider",
      payload: { groups },
      timeout: 60_000,
    }),
  );
