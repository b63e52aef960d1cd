import { homesHost } from "../../cluster/cluster.js";
import type { Config, PersistentStorage } from "../../config/types.js";
import { configuredLimits, limitsFile } from "../../homes/set-limits.js";
import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Piece, Step } from "../../reconcile/piece.js";
import { writeScript } from "../shared/files.js";

/** The limits of homes alone: what a change of the roster's groups needs. */
export const limits: Piece<Facts> = {
  name: "quota",
  inspect: (cluster) => homesHost(cluster).facts(),
  plan: ({ storage, login }, facts, cluster) =>
    storage.kind === "temporary" ? [] : limitsSteps(storage, login, homesHost(cluster), facts),
  remove: () => [],
};

/** The step that writes `limits.json`, which a running watcher reads at once. */
export const limitsSteps = (
  storage: PersistentStorage,
  login: Config["login"],
  host: Host,
  { files }: Facts,
): Step[] => {
  const content = limitsFile(configuredLimits(storage, login));
  if (files[paths.limits] === content) return [];
  return [
    {
      host,
      title: `write ${paths.limits}`,
      // Not into the empty folder under the mount.
      run: () =>
        host.script(
          `set -e\nmountpoint -q ${paths.storage}\n${writeScript({ path: paths.limits, content, mode: 0o644 })}`,
        ),
    },
  ];
};
