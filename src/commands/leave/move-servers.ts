import type { Cluster } from "../../cluster/cluster.js";
import { inspectMachines } from "../../cluster/machines.js";
import { seatsOf } from "../../cluster/seats.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { runTasks } from "../../reconcile/run-tasks.js";
import type { Terminal } from "../../report/terminal.js";
import { serversOf } from "../../swarm/user-servers.js";
import { plural, printable } from "../../text/format.js";
import { askToGoOn } from "../shared/confirm.js";
import { type Moved, activeServersOn, startAgain, stopActiveServers } from "./servers.js";
import { type DrainMode, type ActiveServer, waitUntilEmpty } from "./wait-until-empty.js";

/** What of the options says how servers are moved. */
export type MoveOptions = { now: boolean; whenIdle: boolean; grace: number; yes: boolean };

/** Lists whose servers run there, and asks before any is stopped. Throws a UserError where nobody agrees. */
export const agreeToMove = async (
  cluster: Cluster,
  smaller: Cluster,
  hosts: readonly Host[],
  terminal: Terminal,
  ways: MoveOptions,
): Promise<void> => {
  const sitting = await activeServersOn(cluster, hosts);
  if (sitting.length === 0) return;
  const who = printable(sitting.map(({ user, home }) => user ?? home).join(", "));
  const free =
    seatsOf(smaller, await inspectMachines(smaller)) -
    ((await serversOf(cluster)).size - sitting.length);
  const lines = [
    `${plural(sitting.length, "server")} on ${hosts.map(({ name }) => name).join(", ")}: ${who}`,
    `Each is stopped ${when(ways)} and started again on another machine: the files stay, what runs in notebooks ends.`,
    ...(free < sitting.length
      ? [
          `Elsewhere ${plural(Math.max(0, free), "seat")} ${free === 1 ? "is" : "are"} free, so not all will start again.`,
        ]
      : []),
  ];
  terminal.report.event({ type: "note", text: lines[0] ?? "" });
  if (ways.yes) return;
  if (!(await askToGoOn(terminal, lines.join("\n"), `  ${lines.join("\n  ")}`)))
    throw new UserError("stopped: nobody's server was touched", { code: exitCode.usage });
};

/** Somebody whose server was stopped; `again` is how it started elsewhere, undefined where there is no elsewhere yet. */
export type Stopped = { user: string; again: Moved | undefined };

/** Waits until no server runs there any more, moving who may be moved. Throws where it is interrupted. */
export const moveServers = async (
  cluster: Cluster,
  smaller: Cluster,
  hosts: readonly Host[],
  command: string,
  { options, terminal, signal }: { options: MoveOptions; terminal: Terminal; signal: AbortSignal },
): Promise<Stopped[]> => {
  const stopped: Stopped[] = [];
  // The manager takes users only once the last worker is out.
  const hasElsewhere = smaller.workers.length > 0;
  const move = async (sitting: ActiveServer): Promise<void> => {
    await stopActiveServers(cluster, sitting);
    const { user } = sitting;
    if (user === undefined) return;
    stopped.push({ user, again: hasElsewhere ? await startAgain(cluster, user) : undefined });
  };
  const [end] = await runTasks(
    "servers",
    [
      {
        host: hosts.map(({ name }) => name).join(", "),
        title: "wait until nobody sits there",
        run: (say) =>
          waitUntilEmpty(mannerOf(options), {
            look: () => activeServersOn(cluster, hosts),
            move,
            say: (text) => say(printable(text)),
            signal,
          }),
      },
    ],
    terminal.report,
  );
  if (end !== undefined && "error" in end) throw end.error;
  if (end?.result === true) return stopped;
  throw new UserError("stopped: people still sit there, and no new servers come", {
    hint: `\`${command}\` goes on; \`swarmhub up\` lets new servers there again`,
    code: exitCode.interrupted,
  });
};

const mannerOf = ({ now, whenIdle, grace }: MoveOptions): DrainMode => {
  if (now) return { kind: "now" };
  return whenIdle ? { kind: "when-idle" } : { kind: "grace", grace };
};

const when = ({ now, whenIdle, grace }: MoveOptions): string => {
  if (now) return "now";
  const idle = "once nobody has used it for 10 minutes and no kernel is at work";
  return whenIdle ? idle : `${idle}, at the latest in ${Math.ceil(grace / 60_000)} min`;
};
