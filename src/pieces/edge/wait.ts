import type { EdgeStatus } from "../../../contracts/edge-status.js";
import type { Config } from "../../config/types.js";
import type { Host } from "../../host/host.js";
import type { Step } from "../../reconcile/piece.js";
import { servingProblem, wantedText } from "../../tls/diagnosis.js";
import type { GivenFiles } from "../../tls/given-files.js";
import { readStatus } from "../../tls/status.js";
import { waitUntil } from "../../wait.js";

/** Milliseconds: for an authority's first certificate, and for a change of the edge. */
const timeouts = { acme: 90_000, other: 30_000 };

/** Milliseconds between two looks, and how many looks the edge gets to begin a new attempt: not a time, since a machine may pause. */
const [every, looksForRetry] = [500, 20];

/**
 * The step that waits until the edge serves the wanted certificate. It succeeds also where that takes longer: the site is up then, and
 * what is wrong is reported as a problem of the piece.
 */
export const waitStep = (
  host: Host,
  config: Config,
  { givenFiles, before }: { givenFiles: GivenFiles; before: EdgeStatus | undefined },
  deadline = config.tls.kind === "acme" ? timeouts.acme : timeouts.other,
): Step => ({
  host,
  title: `wait until the edge serves ${wantedText(config.tls)}`,
  waits: true,
  run: async (progress) => {
    const start = Date.now();
    const old = new Set([before?.attempt?.at.getTime()]);
    let looks = 0;
    const poll = async (): Promise<true | undefined> => {
      const status = await readStatus(host);
      if (servingProblem({ config, givenFiles, status }) === undefined) return true;
      // A scheduled attempt can fail between the inspection of the machine and the change.
      if (looks === 0 && status?.attempt?.outcome === "failed")
        old.add(status.attempt.at.getTime());
      looks += 1;
      progress(progressText(config, status));
      return isHopeless(status, old, { looks, left: start + deadline - Date.now() })
        ? true
        : undefined;
    };
    const timeout = new Error("the deadline has passed");
    await waitUntil(poll, { deadline, every, otherwise: () => timeout }).catch((error: unknown) => {
      if (error !== timeout) throw error;
    });
  },
});

/**
 * An attempt failed, and by the edge's clock the next one comes after the deadline. An attempt that failed before the change means
 * nothing at first: the edge is about to try again. For one that was under way, the edge says that the next one comes now.
 */
const isHopeless = (
  status: EdgeStatus | undefined,
  old: ReadonlySet<number | undefined>,
  { left, looks }: { left: number; looks: number },
): boolean => {
  const { attempt } = status ?? {};
  if (attempt?.outcome !== "failed") return false;
  if (old.has(attempt.at.getTime()) && looks <= looksForRetry) return false;
  const next = status?.nextAttempt?.getTime() ?? Number.POSITIVE_INFINITY;
  return next - (status?.at.getTime() ?? 0) > left;
};

const progressText = ({ tls }: Config, status: EdgeStatus | undefined): string => {
  const attempt = status?.attempt ?? null;
  if (tls.kind !== "acme" || attempt === null) return "the edge is preparing it";
  if (attempt.outcome !== "failed") return `requesting it from ${tls.authority}`;
  return `not yet: ${attempt.error ?? "the attempt failed"}`;
};
