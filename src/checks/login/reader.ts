import * as z from "zod";
import type { Cluster } from "../../cluster/cluster.js";
import { labels, serviceName } from "../../names.js";

const answer = z.object({ ok: z.boolean(), reason: z.string() });

/** Whether the running hub can search in its LDAP directory; undefined if it does not run, or has none. */
export const inspectReader = async ({
  config,
  manager,
}: Cluster): Promise<z.output<typeof answer> | undefined> => {
  try {
    const label = [`${labels.service}=${serviceName(config.name, "hub")}`];
    const [hub] = await manager.docker.listContainers({ filters: { label } });
    if (hub === undefined) return undefined;
    const module = ["python3", "-m", "swarmhub.login.campus.check_directory"];
    const output = await manager.run(["docker", "exec", hub.Id, ...module], { timeout: 30_000 });
    return answer.safeParse(JSON.parse(output)).data;
  } catch {
    // No Docker yet, or a hub of an earlier version.
    return undefined;
  }
};
