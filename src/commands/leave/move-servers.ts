import type { Cluster } from "../../cluster/cluster.js";
import { inspectMachines } from "../../cluster/machines.js";
import { seatsOf } from "../../cluster/seats.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { runTasks } from "../../reconcile/run-tasks.js";
import type { Terminal } from "../../report/terminal.js";
import { serversOf } from "../../swarm/user-servers.js";
import { plural, printable } from "../../text/format.js";
import { askToContinue } from "../shared/confirm.js";
import { type RestartResult, activeServersOn, restartServer, stopActiveServer } from "./servers.js";
import { type DrainMode, type ActiveServer, waitUntilEmpty } from "./wait-until-empty.js";

/** The options for moving servers; `grace` is in milliseconds. */
type MoveOptions = { now: boolean; whenIdle: boolean; grace: number; yes: boolean };

/** Lists the servers on the machines and asks before any is stopped. Throws a UserError if the answer is not yes. */
export const confirmMove = async (
  cluster: Cluster,
  smaller: Cluster,
  hosts: readonly Host[],
  terminal: Terminal,
  options: MoveOptions,
): Promise<void> => {
  const servers = await activeServersOn(cluster, hosts);
  if (servers.length === 0) return;
  const users = printable(servers.map(({ user, home }) => user ?? home).join(", "));
  const free =
    seatsOf(smaller, await inspectMachines(smaller)) -
    ((await serversOf(cluster)).size - servers.length);
  const lines = [
    `${plural(servers.length, "server")} on ${hosts.map(({ name }) => name).join(", ")}: ${users}`,
    `Each is stopped ${deadlineText(options)} and restarted on another machine: files are kept, running notebooks end.`,
    ...(free < servers.length
      ? [
          `Other machines have ${plural(Math.max(0, free), "free seat")}, so not every server will restart.`,
        ]
      : []),
  ];
  terminal.report.event({ type: "note", text: lines[0] ?? "" });
  if (options.yes) return;
  if (!(await askToContinue(terminal, lines.join("\n"), `  ${lines.join("\n  ")}`)))
    throw new UserError("stopped: no server was moved", { code: exitCode.usage });
};

/** A user whose server was stopped; `restart` is undefined while no other machine takes it. */
type Stopped = { user: string; restart: RestartResult | undefined };

/** Moves the servers of machines as they become idle, until none runs there. Throws if it is interrupted. */
export const moveServers = async (
  cluster: Cluster,
  smaller: Cluster,
  hosts: readonly Host[],
  command: string,
  { options, terminal, signal }: { options: MoveOptions; terminal: Terminal; signal: AbortSignal },
): Promise<Stopped[]> => {
  const stopped: Stopped[] = [];
  // The manager accepts user servers only after the last worker has left.
  const hasOtherMachine = smaller.workers.length > 0;
  const move = async (server: ActiveServer): Promise<void> => {
    await stopActiveServer(cluster, server);
    const { user } = server;
    if (user === undefined) return;
    const restart = hasOtherMachine ? await restartServer(cluster, user) : undefined;
    stopped.push({ user, restart });
  };
  const [end] = await runTasks(
    "servers",
    [
      {
        host: hosts.map(({ name }) => name).join(", "),
        title: "wait until no server runs there",
        run: (progress) =>
          waitUntilEmpty(drainModeOf(options), {
            list: () => activeServersOn(cluster, hosts),
            move,
            progress: (text) => progress(printable(text)),
            signal,
          }),
      },
    ],
    terminal.report,
  );
  if (end !== undefined && "error" in end) throw end.error;
  if (end?.result === true) return stopped;
  throw new UserError("interrupted: servers still run there, and no new ones start", {
    hint: `\`${command}\` continues; \`swarmhub up\` allows new servers there again`,
    code: exitCode.interrupted,
  });
};

const drainModeOf = ({ now, whenIdle, grace }: MoveOptions): DrainMode => {
  if (now) return { kind: "now" };
  return whenIdle ? { kind: "when-idle" } : { kind: "grace", grace };
};

const deadlineText = ({ now, whenIdle, grace }: MoveOptions): string => {
  if (now) return "now";
  const idle = "once it is unused for 10 minutes and no kernel is busy";
  return whenIdle ? idle : `${idle}, in ${Math.ceil(grace / 60_000)} min at the latest`;
};
