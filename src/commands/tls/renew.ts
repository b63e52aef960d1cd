import type { EdgeStatus } from "../../../contracts/edge-status.js";
import type { Cluster } from "../../cluster/cluster.js";
import type { Config } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { runTasksInTurn } from "../../reconcile/run-tasks.js";
import type { Terminal } from "../../report/terminal.js";
import { containerOf } from "../../swarm/tasks.js";
import { jsonText } from "../../text/format.js";
import { readStatus } from "../../tls/status.js";
import { waitUntil } from "../../wait.js";
import { type ClassOptions, withReachable } from "../shared/session.js";
import { certificateJson, certificateLine } from "./text.js";

/** The options of `swarmhub tls renew`. */
export type TlsRenewOptions = ClassOptions & { force: boolean };

/** Asks the edge to renew the certificate if it is due, with `force` in any case, and waits for the result. */
export const tlsRenew = (
  options: TlsRenewOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withReachable(options, terminal, (cluster) => renew(cluster, options, terminal, { signal }));

type Waiting = {
  signal: AbortSignal;
  /** Milliseconds: for an attempt to begin, without one until it is certain that none begins, and for it to end. */
  begin?: number;
  quiet?: number;
  end?: number;
};

/** The same for a connected class. */
export const renew = async (
  cluster: Cluster,
  { force, json }: Pick<TlsRenewOptions, "force" | "json">,
  terminal: Pick<Terminal, "print" | "report">,
  waiting: Waiting,
): Promise<void> => {
  const { config, manager } = cluster;
  refuseOtherKinds(config);
  const container = await edgeContainer(cluster);
  const before = await readStatus(manager);
  let after: EdgeStatus | undefined;
  const request = async (progress: (text: string) => void): Promise<void> => {
    await container.kill({ signal: force ? "SIGUSR2" : "SIGUSR1" });
    after = await statusAfter(manager, before, waiting, progress);
  };
  const task = { host: manager.name, title: "renew the certificate", run: request };
  await runTasksInTurn("tls", [task], terminal.report, waiting.signal);
  const certificates = { config, givenFiles: {}, status: after, now: new Date() };
  if (json) return terminal.print(jsonText({ certificate: certificateJson(certificates) }));
  const wasDue = !isSame(after?.attempt?.at, before?.attempt?.at);
  terminal.print(
    `${wasDue ? "renewed" : "not due for renewal (--force renews anyway)"}: ${certificateLine(certificates)}`,
  );
};

const refuseOtherKinds = ({ tls }: Config): void => {
  if (tls.kind === "acme") return;
  const hint = {
    own: "replace your certificate with a newer one, then: swarmhub up",
    "self-signed": "the edge replaces its certificate by itself before it expires",
    off: "renew the certificate of the reverse proxy in front of the class",
  }[tls.kind];
  throw new UserError(
    `this class has no certificate from an authority: tls is ${tls.kind === "own" ? "your own certificate" : tls.kind}`,
    { hint, code: exitCode.usage },
  );
};

const edgeContainer = async (cluster: Cluster) => {
  const { manager } = cluster;
  const found = await containerOf(cluster, "edge");
  if (found === undefined)
    throw new UserError("the edge is not running", {
      host: manager.name,
      hint: "start it: swarmhub up",
    });
  return manager.docker.getContainer(found);
};

/** The edge's status once an attempt has ended, or once it is certain that none begins; throws a UserError where it failed. */
const statusAfter = async (
  manager: Host,
  before: EdgeStatus | undefined,
  { signal, begin = 15_000, quiet = 3000, end = 11 * 60_000 }: Waiting,
  progress: (text: string) => void,
): Promise<EdgeStatus> => {
  const since = Date.now();
  const after = await waitUntil(
    async () => {
      if (signal.aborted) throw interrupted();
      const status = await readStatus(manager);
      const attempt = status?.attempt ?? null;
      const begun =
        attempt !== null &&
        (before?.attempt?.outcome === "running" || !isSame(attempt.at, before?.attempt?.at));
      progress(begun ? "the edge requests a certificate" : "the edge checks whether it is due");
      if (begun) return attempt.outcome === "running" ? undefined : status;
      const waited = Date.now() - since;
      if (waited > quiet && !isSame(status?.at, before?.at)) return status;
      if (waited > begin) throw noResult(manager);
      return undefined;
    },
    { deadline: end, every: 500, otherwise: () => noResult(manager) },
  );
  const { attempt } = after;
  if (attempt?.outcome !== "failed") return after;
  if (isSame(attempt.at, before?.attempt?.at) && before?.attempt?.outcome !== "running")
    return after;
  throw new UserError(
    `the certificate was not issued: ${attempt.error ?? "the edge gives no reason"}`,
    { host: manager.name, hint: attempt.hint ?? "for more: swarmhub logs edge" },
  );
};

const isSame = (one: Date | undefined, other: Date | undefined): boolean =>
  one?.getTime() === other?.getTime();

const noResult = ({ name }: Host): UserError =>
  new UserError("the edge reported no result", {
    host: name,
    hint: "see what it did: swarmhub logs edge",
  });

const interrupted = (): UserError =>
  new UserError("stopped waiting; the edge continues by itself", {
    hint: "see the result: swarmhub tls",
    code: exitCode.interrupted,
  });
