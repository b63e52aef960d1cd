import { statusOfSettings } from "../../../contracts/hub-reload.js";
import { UserError } from "../../errors.js";
import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { waitUntil } from "../../wait.js";

const path = paths.hubConfiguration;
// The hub looks every two seconds, and a busy one later.
const patience = 60_000; // ms

/**
 * The step that writes `hub.json` for the running hub and waits until the hub uses it; also if an earlier run was ended before the hub
 * did. The hub reads a file again that is replaced by an equal one.
 */
export const reloadSteps = (host: Host, { files }: Facts, content: string): Step[] => {
  const said = files[paths.hubSettingsStatus];
  const status = statusOfSettings(said, content);
  const isWritten = files[path] === content;
  if (isWritten && (said === undefined || status?.problem === null)) return [];
  const why = isWritten ? (status?.problem ?? "the hub has not read it yet") : undefined;
  const detail = why === undefined ? "the hub takes it while it runs" : `not in force: ${why}`;
  return [{ host, title: `write ${path}`, detail, run: () => reload(host, content) }];
};

const reload = async (host: Host, content: string): Promise<void> => {
  await host.write(path, content);
  const { problem } = await waitUntil(
    async () => {
      const said = await host.script(`cat ${paths.hubSettingsStatus} 2>/dev/null || true`);
      return statusOfSettings(said, content);
    },
    { deadline: patience, every: 1000, otherwise: () => notInForce(host, "the hub has not read it") },
  );
  if (problem !== null) throw notInForce(host, problem);
};

const notInForce = (host: Host, why: string): UserError =>
  new UserError(`${path} is written but not in force: ${why}`, {
    host: host.name,
    hint: "running servers and logins go on with the former settings; to see what the hub says, type: swarmhub logs hub",
  });
