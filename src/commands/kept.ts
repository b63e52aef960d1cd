import type { Cluster } from "../cluster.js";
import type { KeptStorage } from "../config.js";
import { exitCode, UserError } from "../errors.js";
import type { Host } from "../host.js";

/** Where homes are kept and how; throws a UserError (usage) in a class whose homes are temporary. */
export const keptHomes = ({ config, storage }: Cluster): { storage: Host; kept: KeptStorage } => {
  if (config.storage.kind === "kept" && storage !== undefined)
    return { storage, kept: config.storage };
  throw new UserError(
    `the homes of ${config.name} are temporary: each is in its server's container and gone with it, so there is nothing here to limit, archive or delete`,
    "to keep homes, give `storage` a device or a file in swarmhub.yaml, then `swarmhub up`",
    exitCode.usage,
  );
};
