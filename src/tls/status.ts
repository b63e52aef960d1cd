import { type EdgeStatus, statusFrom } from "../../contracts/edge-status.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import { printable } from "../text/format.js";

/** Reads status.json; undefined where it is missing or makes no sense. */
export const certificateStatusFrom = (json: string | undefined): EdgeStatus | undefined =>
  statusFrom(json, harmless);

/** What the edge says now. */
export const readStatus = async (host: Host): Promise<EdgeStatus | undefined> =>
  certificateStatusFrom(await host.script(`cat ${paths.certificateStatus} 2>/dev/null || true`));

// Another machine wrote these texts. `detail` has lines of its own, and only JSON output shows it, which escapes it.
const harmless = (text: string, key: string): string =>
  key === "detail" ? text.slice(0, 4000) : printable(text).slice(0, 500);
