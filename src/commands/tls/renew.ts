import type { Cluster } from "../../cluster/cluster.js";
import type { Config } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { runTasksInTurn } from "../../reconcile/run-tasks.js";
import type { Terminal } from "../../report/terminal.js";
import { containerOf } from "../../swarm/tasks.js";
import { jsonText } from "../../text/format.js";
import { type CertificateStatus, readStatus } from "../../tls/status.js";
import { waitUntil } from "../../wait.js";
import { type ClassOptions, withCluster } from "../shared/session.js";
import { certificateJson, certificateLine } from "./text.js";

/** The options of `swarmhub tls renew`. */
export type TlsRenewOptions = ClassOptions & { force: boolean };

/** Has the edge ask the authority, where it is due and with `force` in any case, and waits for how that ends. */
export const tlsRenew = (
  options: TlsRenewOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withCluster(options, terminal, (cluster) => renew(cluster, options, terminal, { signal }));

type Waiting = {
  signal: AbortSignal;
  /** How long an attempt may take to begin, how long nothing must begin to be sure of it, how long it may last; in milliseconds. */
  begin?: number;
  quiet?: number;
  end?: number;
};

/** The same on the machines of a class. */
export const renew = async (
  cluster: Cluster,
  { force, json }: Pick<TlsRenewOptions, "force" | "json">,
  terminal: Pick<Terminal, "print" | "report">,
  waiting: Waiting,
): Promise<void> => {
  const { config, manager } = cluster;
  refuseOtherKinds(config);
  const container = await edgeContainer(manager);
  const before = await readStatus(manager);
  let after: CertificateStatus | undefined;
  const ask = async (progress: (text: string) => void): Promise<void> => {
    await container.kill({ signal: force ? "SIGUSR2" : "SIGUSR1" });
    after = await attemptAfter(manager, before, waiting, progress);
  };
  const task = { host: manager.name, title: "have the edge ask for a certificate", run: ask };
  await runTasksInTurn("tls", [task], terminal.report, waiting.signal);
  const seen = { config, given: {}, status: after, now: new Date() };
  if (json) return terminal.print(jsonText({ certificate: certificateJson(seen) }));
  const wasDue = !isSame(after?.attempt?.at, before?.attempt?.at);
  terminal.print(
    `${wasDue ? "renewed" : "nothing was due (--force renews all the same)"}: ${certificateLine(seen)}`,
  );
};

const refuseOtherKinds = ({ tls }: Config): void => {
  if (tls.kind === "acme") return;
  const hint = {
    own: "put a newer one in its place, then `swarmhub up`",
    "self-signed": "the edge makes a new one by itself before it ends",
    off: "whatever does TLS before the class has the certificate",
  }[tls.kind];
  throw new UserError(
    `no authority gives out the certificate of this class: tls is ${tls.kind === "own" ? "a certificate of your own" : tls.kind}`,
    { hint, code: exitCode.usage },
  );
};

const edgeContainer = async (manager: Host) => {
  const found = await containerOf(manager, "edge");
  if (found === undefined)
    throw new UserError("the edge does not run", {
      host: manager.name,
      hint: "`swarmhub up` starts it",
    });
  return manager.docker.getContainer(found);
};

/** What the edge says once an attempt ended, or once it is clear that none begins; throws a UserError where it failed. */
const attemptAfter = async (
  manager: Host,
  before: CertificateStatus | undefined,
  { signal, begin = 15_000, quiet = 3000, end = 11 * 60_000 }: Waiting,
  progress: (text: string) => void,
): Promise<CertificateStatus> => {
  const since = Date.now();
  const after = await waitUntil(
    async () => {
      if (signal.aborted) throw stopped();
      const status = await readStatus(manager);
      const { attempt } = status ?? {};
      const begun =
        attempt !== undefined &&
        (before?.attempt?.outcome === "running" || !isSame(attempt.at, before?.attempt?.at));
      progress(begun ? "the edge asks the authority" : "the edge looks whether one is due");
      if (begun) return attempt.outcome === "running" ? undefined : status;
      const waited = Date.now() - since;
      if (waited > quiet && !isSame(status?.at, before?.at)) return status;
      if (waited > begin) throw silent(manager);
      return undefined;
    },
    { deadline: end, every: 500, otherwise: () => silent(manager) },
  );
  const { attempt } = after;
  if (attempt?.outcome !== "failed") return after;
  if (isSame(attempt.at, before?.attempt?.at) && before?.attempt?.outcome !== "running")
    return after;
  throw new UserError(
    `the certificate was not given out: ${attempt.error ?? "the edge does not say why"}`,
    { host: manager.name, hint: attempt.hint ?? "`swarmhub logs edge` shows what it said" },
  );
};

const isSame = (one: Date | undefined, other: Date | undefined): boolean =>
  one?.getTime() === other?.getTime();

const silent = ({ name }: Host): UserError =>
  new UserError("the edge does not say how that went", {
    host: name,
    hint: "`swarmhub logs edge` shows what it did",
  });

const stopped = (): UserError =>
  new UserError("no longer waiting; the edge goes on by itself", {
    hint: "`swarmhub tls` shows how it ended",
    code: exitCode.interrupted,
  });
