import { type EdgeStatus, statusFrom } from "../../contracts/edge-status.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import { printable } from "../text/format.js";

/** Reads status.json, with every text safe for a terminal; undefined where the file is missing or invalid. */
export const certificateStatusFrom = (json: string | undefined): EdgeStatus | undefined =>
  statusFrom(json, safeText);

/** The present status.json of the class's edge. */
export const readStatus = async (host: Host): Promise<EdgeStatus | undefined> =>
  certificateStatusFrom(
    await host.script(`cat ${paths.certificateStatus} 2>/dev/null || true`, {
      title: "read the edge's status",
    }),
  );

// These texts come from another machine. `detail` keeps its lines: only JSON output shows it, and escapes it.
const safeText = (text: string, key: string): string =>
  key === "detail" ? text.slice(0, 4000) : printable(text).slice(0, 500);
