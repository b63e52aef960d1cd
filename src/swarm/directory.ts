import * as z from "zod";
import type { Cluster } from "../cluster/cluster.js";
import type { Host } from "../host/host.js";
import { containerOf } from "./tasks.js";

const answer = z.object({ ok: z.boolean(), reason: z.string() });

/** Whether the running hub can search in its LDAP directory; undefined if it does not run, or has none. */
export const inspectReader = async (
  cluster: Cluster,
): Promise<z.output<typeof answer> | undefined> => {
  const hub = await containerOf(cluster, "hub");
  if (hub === undefined) return undefined;
  const argv = ["docker", "exec", hub, "python3", "-m", "swarmhub.login.campus.check_directory"];
  const { data } = answer.safeParse(await outputOf(cluster.manager, argv));
  return data;
};

// A hub of an earlier version does not know the module.
const outputOf = async (manager: Host, argv: string[]): Promise<unknown> => {
  try {
    return JSON.parse(await manager.run(argv, { timeout: 30_000 }));
  } catch {
    return undefined;
  }
};
