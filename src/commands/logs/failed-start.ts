import { failedStartsFolder } from "../../../contracts/failed-starts.js";
import { isHomeName } from "../../../contracts/storage-folders.js";
import type { Cluster } from "../../cluster/cluster.js";
import { homeNamesOf } from "../../names.js";
import { paths } from "../../paths.js";
import { quoteAll } from "../../text/shell.js";
import { parts } from "./find-container.js";

/** Why the last start of this user's server failed, as the hub wrote it; undefined if the hub knows of none. */
export const failedStart = async (
  { manager }: Cluster,
  name: string,
): Promise<string[] | undefined> => {
  if (parts.includes(name)) return undefined;
  const homes = [name, ...homeNamesOf(name), ...homeNamesOf(name.toLowerCase())].filter(isHomeName);
  const reports = [...new Set(homes)].map((home) => `${paths.hub}/${failedStartsFolder}/${home}`);
  const text = await manager.script(
    `for report in ${quoteAll(reports)}; do
  if [ -f "$report" ]; then head -c 65536 "$report"; break; fi
done`,
    { title: "read why a start failed" },
  );
  return text === "" ? undefined : text.trimEnd().split("\n");
};
