import { setTimeout } from "node:timers/promises";
import type { Cluster } from "../cluster/cluster.js";
import { shortestIdle } from "../config/rules/warm.js";
import type { Config } from "../config/types.js";
import type { Moment } from "../config/values/moment.js";
import { durationFrom } from "../config/values/units.js";
import { UserError, exitCode } from "../errors.js";
import { runTasksInTurn } from "../reconcile/run-tasks.js";
import type { Terminal } from "../report/terminal.js";
import { membersOutsideRoster, peopleOf } from "../roster/people.js";
import { type WarmStartReport, cancelWarm, inspectWarm, planWarm } from "../swarm/warm.js";
import { jsonText, plural, printable } from "../text/format.js";
import type { Progress } from "../wait.js";
import { groupHint, groupsOf } from "./shared/groups.js";
import { type ClassOptions, withReachable } from "./shared/session.js";
import { dayText, missingLines, readyText, startLine } from "./shared/warm.js";

/** The options of `swarmhub warm`; without `at` the servers start now. */
export type WarmOptions = ClassOptions & { at?: Moment; group?: string; cancel: boolean };

/** Starts the servers of the class before their users come: now, or at a time by the clock of the manager. */
export const warm = (
  options: WarmOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withReachable(options, terminal, (cluster) => warmClass(cluster, options, terminal, signal));

/** The same in a connected class; `every` is in milliseconds. */
export const warmClass = async (
  cluster: Cluster,
  { at, group, cancel, json }: Pick<WarmOptions, "at" | "group" | "cancel" | "json">,
  terminal: Pick<Terminal, "print" | "report">,
  signal: AbortSignal,
  every = 2000,
): Promise<void> => {
  const { config, manager } = cluster;
  if (cancel) {
    const cancelled = await cancelWarm(cluster);
    const text = `cancelled ${plural(cancelled, "warm start")}; those of servers.warm come again next time`;
    return terminal.print(json ? jsonText({ cancelled }) : text);
  }
  if (group !== undefined) await refuseUnknown(cluster, group);
  refuseShortIdle(config, at);
  const request = {
    at: at === undefined ? null : Date.parse(at.text) / 1000,
    group: group ?? null,
    members: group === undefined ? [] : membersOutsideRoster(config, group),
  };
  if (at !== undefined) {
    const { key } = await planned(cluster, request);
    if (json) return terminal.print(jsonText({ key, at: at.text, group: group ?? null }));
    return terminal.print(
      `the servers are ready at ${dayText(request.at ?? 0)} (${at.zone}), also without this machine. To forget it, type: swarmhub warm --cancel`,
    );
  }
  const ends: WarmStartReport[] = [];
  const run = async (progress: Progress): Promise<void> => {
    const { key } = await planned(cluster, request);
    const end = await follow(cluster, key, progress, signal, every);
    if (end !== undefined) ends.push(end);
  };
  const task = { host: manager.name, title: "start the servers", run };
  await runTasksInTurn("warm", [task], terminal.report, signal);
  for (const end of ends) showEnd(end, json, terminal);
};

const refuseUnknown = async (cluster: Cluster, group: string): Promise<void> => {
  const { config } = cluster;
  const groups = await groupsOf(cluster, [group]);
  if (Object.hasOwn(groups, group)) return;
  peopleOf(config);
  throw new UserError(`there is no group ${printable(group)}`, {
    hint: groupHint(config.login, Object.keys(groups)),
    code: exitCode.usage,
  });
};

const refuseShortIdle = ({ servers }: Config, at: Moment | undefined): void => {
  if (at !== undefined && servers.idle !== undefined && servers.idle < durationFrom(shortestIdle))
    throw new UserError("servers.idle would stop the servers before their users come", {
      hint: `write idle: ${shortestIdle} or more into swarmhub.yaml, then type \`swarmhub up\``,
      code: exitCode.usage,
    });
};

const planned = async (cluster: Cluster, request: Parameters<typeof planWarm>[1]) => {
  const answer = await planWarm(cluster, request);
  if ("key" in answer) return answer;
  throw new UserError(printable(answer.why), {
    host: cluster.manager.name,
    hint: answer.why.includes("closed")
      ? "to open it, type: swarmhub reopen"
      : "to compare the clocks, type: swarmhub check",
  });
};

/** A hub that is away for longer than this (milliseconds) is not being restarted. */
const restartMs = 180_000;

/** The state of the warm starts, also where the hub is just being restarted: it goes on with them then. */
const inspectPatiently = async (
  cluster: Cluster,
  progress: Progress,
  signal: AbortSignal,
  every: number,
): ReturnType<typeof inspectWarm> => {
  const end = Date.now() + restartMs;
  for (;;) {
    try {
      return await inspectWarm(cluster);
    } catch (error) {
      if (Date.now() >= end || signal.aborted) throw error;
      progress("waiting for the hub, which does not answer");
      await setTimeout(every, undefined, { signal }).catch(() => undefined);
    }
  }
};

/** Looks until the start has ended; undefined after Ctrl-C or if it was cancelled by somebody else. */
const follow = async (
  cluster: Cluster,
  key: string,
  progress: Progress,
  signal: AbortSignal,
  every: number,
): Promise<WarmStartReport | undefined> => {
  for (;;) {
    const { starts } = await inspectPatiently(cluster, progress, signal, every);
    const start = starts.find((each) => each.key === key);
    if (start === undefined) return undefined;
    if (!start.going || signal.aborted) return start;
    progress(readyText(start));
    await setTimeout(every, undefined, { signal }).catch(() => undefined);
  }
};

const showEnd = (
  start: WarmStartReport,
  json: boolean,
  { print, report }: Pick<Terminal, "print" | "report">,
): void => {
  if (start.going) {
    print(json ? jsonText(start) : startLine(start));
    report.event({
      type: "note",
      text: "the hub goes on with it; `swarmhub status` shows who is ready, `swarmhub warm --cancel` ends it",
    });
    return;
  }
  const { missing, total, problem } = start;
  print(json ? jsonText(start) : [readyText(start), ...missingLines(start)].join("\n"));
  if (problem !== undefined || missing.length === 0) return;
  throw new UserError(`${missing.length} of ${plural(total, "server")} did not start`, {
    hint: "`swarmhub logs USER` shows why a server does not start",
  });
};
