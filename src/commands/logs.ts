import { Readable } from "node:stream";
import type { Cluster } from "../cluster/cluster.js";
import { ifExists } from "../docker/client.js";
import { UserError } from "../errors.js";
import type { Terminal } from "../report/terminal.js";
import { printable } from "../text/format.js";
import { type LogLine, linesOf } from "./logs/docker-stream.js";
import { failedStart } from "./logs/failed-start.js";
import { type Source, findContainers } from "./logs/find-container.js";
import { type ClassOptions, withReachable } from "./shared/session.js";

/** The options of `swarmhub logs`; `part` is a part of the system or a user, `lines` how many of the last lines to show. */
export type LogsOptions = ClassOptions & { part: string; follow: boolean; lines: number };

/** Prints the log of a part of the system or of a user's server; with `follow` also new lines, until Ctrl-C. */
export const logs = (
  options: LogsOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withReachable(options, terminal, async (cluster) => {
    const show = ({ stream, line }: LogLine): void =>
      terminal.print(options.json ? JSON.stringify({ stream, line }) : printable(line));
    await printLog(cluster, options, signal, show);
    if (options.follow && !signal.aborted)
      terminal.report.event({
        type: "note",
        text: `the container ended; \`swarmhub logs ${options.part} -f\` follows the next one`,
      });
  });

/**
 * Calls `show` for each line, or for those of the report of a start that failed and left no server. Reads the container's own log:
 * that of the service can hang for minutes (measured).
 */
export const printLog = async (
  cluster: Cluster,
  { part, follow, lines }: Pick<LogsOptions, "part" | "follow" | "lines">,
  signal: AbortSignal,
  show: (line: LogLine) => void,
  deadline = 30_000,
): Promise<void> => {
  const sources = await findContainers(cluster, part).catch(async (error: unknown) => {
    const report = error instanceof UserError ? await failedStart(cluster, part) : undefined;
    if (report === undefined) throw error;
    for (const line of report) show({ stream: "stderr", line });
    return undefined;
  });
  if (sources === undefined) return;
  for (const source of sources) {
    // The container of a task that ended may be removed already; then the one before is read.
    const log = await ifExists(open(source, { follow, lines, signal, deadline }));
    if (log === undefined) continue;
    try {
      for await (const line of linesOf(log)) show(line);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return;
  }
  const hosts = [...new Set(sources.map(({ host }) => host.name))].join(", ");
  throw new UserError(`${part} no longer has a container on ${hosts}`, {
    hint: "`swarmhub status` shows the drift",
  });
};

type OpenOptions = { follow: boolean; lines: number; signal: AbortSignal; deadline: number };

const open = async (
  { host, container }: Source,
  { follow, lines, signal, deadline }: OpenOptions,
): Promise<AsyncIterable<Uint8Array>> => {
  const query = { stdout: true, stderr: true, tail: lines };
  const timeout = AbortSignal.timeout(deadline);
  const abortSignal = follow ? signal : AbortSignal.any([signal, timeout]);
  const log = host.docker.getContainer(container);
  try {
    if (!follow) return Readable.from([await log.logs({ ...query, follow: false, abortSignal })]);
    const stream = (await log.logs({ ...query, follow: true, abortSignal })) as Readable;
    signal.addEventListener("abort", () => stream.destroy(), { once: true });
    return stream;
  } catch (error) {
    if (!timeout.aborted) throw error;
    throw new UserError(`Docker did not return the log within ${deadline / 1000} s`, {
      host: host.name,
      hint: `\`journalctl -u docker --since -5m\` on ${host.name}`,
    });
  }
};
