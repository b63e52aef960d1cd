import type { EdgeStatus } from "../../../contracts/edge-status.js";
import type { Config } from "../../config/types.js";
import type { Host } from "../../host/host.js";
import type { Step } from "../../reconcile/piece.js";
import { unserved, wantedText } from "../../tls/diagnosis.js";
import type { Given } from "../../tls/given-files.js";
import { readStatus } from "../../tls/status.js";
import { waitUntil } from "../../wait.js";

/** How long an authority may take for a first certificate, the edge for a change, and for another try; in milliseconds. */
const patience = { acme: 90_000, other: 30_000, retry: 10_000 };

/**
 * The step that waits until browsers are served as wanted. It ends well also where that takes longer: the site is up
 * then, and what is wrong is told as a problem of the piece.
 */
export const waitStep = (
  host: Host,
  config: Config,
  { given, before }: { given: Given; before: EdgeStatus | undefined },
  deadline = config.tls.kind === "acme" ? patience.acme : patience.other,
): Step => ({
  host,
  title: `wait until the edge serves ${wantedText(config.tls)}`,
  run: async (progress) => {
    const begun = Date.now();
    const look = async (): Promise<true | undefined> => {
      const status = await readStatus(host);
      if (unserved({ config, given, status }) === undefined) return true;
      progress(stateText(config, status));
      const waited = Date.now() - begun;
      return isHopeless(status, before, { waited, left: deadline - waited }) ? true : undefined;
    };
    const late = new Error("the time is over");
    await waitUntil(look, { deadline, every: 500, otherwise: () => late }).catch(
      (error: unknown) => {
        if (error !== late) throw error;
      },
    );
  },
});

/**
 * An attempt failed, and the next one comes after the deadline, by the edge's own clock. One that failed before this run
 * says nothing at first: the edge is about to try again.
 */
const isHopeless = (
  status: EdgeStatus | undefined,
  before: EdgeStatus | undefined,
  { left, waited }: { left: number; waited: number },
): boolean => {
  const { attempt } = status ?? {};
  if (attempt?.outcome !== "failed") return false;
  const isOld = attempt.at.getTime() === before?.attempt?.at.getTime();
  if (isOld && waited < patience.retry) return false;
  const next = status?.nextAttempt?.getTime() ?? Number.POSITIVE_INFINITY;
  return next - (status?.at.getTime() ?? 0) > left;
};

const stateText = ({ tls }: Config, status: EdgeStatus | undefined): string => {
  const attempt = status?.attempt ?? null;
  if (tls.kind !== "acme" || attempt === null) return "the edge prepares it";
  if (attempt.outcome !== "failed") return `asking ${tls.authority}`;
  return `not yet: ${attempt.error ?? "the attempt failed"}`;
};
