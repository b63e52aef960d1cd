import { writeFile } from "node:fs/promises";
import type { Cluster } from "../cluster/cluster.js";
import { classUrl } from "../cluster/public-address.js";
import { UserError, exitCode } from "../errors.js";
import type { End } from "../reconcile/run-steps.js";
import { runTasks } from "../reconcile/run-tasks.js";
import { findChromium } from "../rehearsal/browser/chromium.js";
import { clearRehearsal } from "../rehearsal/clear.js";
import { figuresOf } from "../rehearsal/figures.js";
import { type RehearsalHub, rehearsalHub } from "../rehearsal/hub.js";
import { lastRehearsalPath, readLastRehearsal, writeLastRehearsal } from "../rehearsal/last.js";
import { measureLine } from "../rehearsal/line.js";
import { type Notebook, builtInNotebook, readNotebook } from "../rehearsal/notebook.js";
import type { Rehearsal } from "../rehearsal/rehearsal.js";
import { htmlReport } from "../rehearsal/report/html.js";
import { type Arrival, type Round, runRound } from "../rehearsal/round.js";
import { isGood } from "../rehearsal/verdict.js";
import { peopleText } from "../rehearsal/words.js";
import type { Terminal } from "../report/terminal.js";
import { plural } from "../text/format.js";
import { peopleFor } from "./rehearse/people.js";
import { printRehearsal } from "./rehearse/print.js";
import { skippedBy } from "./rehearse/skipped.js";
import { type ClassOptions, withCluster } from "./shared/session.js";

/** The options of `swarmhub rehearse`. */
export type RehearseOptions = ClassOptions & {
  people?: number;
  minutes: number;
  notebook?: string;
  atOnce: boolean;
  besidePeople: boolean;
  report?: string;
  clear: boolean;
};

/** Lets people of its own use the class as students will, says what breaks first, and leaves nothing behind. Exit code 1 if somebody failed. */
export const rehearse = async (
  options: RehearseOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> => {
  const notebook =
    options.notebook === undefined ? builtInNotebook() : await readNotebook(options.notebook);
  await withCluster(options, terminal, async (cluster) => {
    if (options.clear) return clearOnly(cluster, terminal);
    const hub = rehearsalHub(cluster);
    const people = peopleFor(await hub.room(), options);
    const rehearsal = await hold(cluster, hub, { people, notebook, options, terminal, signal });
    const path = lastRehearsalPath(options.config);
    const before = await readLastRehearsal(path, rehearsal.class);
    printRehearsal(rehearsal, before, terminal, options);
    if (options.report !== undefined)
      await writeFile(options.report, htmlReport(rehearsal, before)).catch(
        unwritable(options.report),
      );
    await writeLastRehearsal(path, rehearsal).catch(unwritable(path));
    if (!isGood(rehearsal))
      throw new UserError("not everybody could work to the end; the reasons are above", {
        hint: "to look at the class while it is rehearsed, type: swarmhub room",
      });
  });
};

const unwritable =
  (path: string) =>
  (error: NodeJS.ErrnoException): never => {
    throw new UserError(`${path} cannot be written: ${error.message}`);
  };

const clearOnly = async (cluster: Cluster, terminal: Terminal): Promise<void> => {
  const [end] = await runTasks("rehearse", [clearTask(cluster)], terminal.report);
  terminal.report.close();
  const { homes, volumes } = resultOf(end);
  terminal.print(
    `nothing of a rehearsal is left (removed ${plural(homes, "home")} and ${plural(volumes, "volume")})`,
  );
};

const clearTask = (cluster: Cluster) => ({
  host: cluster.manager.name,
  title: "remove what a rehearsal has left",
  run: () => clearRehearsal(cluster),
});

const resultOf = <Result>(end: End<Result> | undefined): Result => {
  if (end === undefined) throw new Error("there was no task");
  if ("error" in end) throw end.error;
  return end.result;
};

type Wanted = {
  people: number;
  notebook: Notebook;
  options: RehearseOptions;
  terminal: Terminal;
  signal: AbortSignal;
};

/** Each round begins and ends with a class without people of a rehearsal, also after an error or Ctrl-C. */
const hold = async (cluster: Cluster, hub: RehearsalHub, wanted: Wanted): Promise<Rehearsal> => {
  const { people, notebook, options, terminal, signal } = wanted;
  const arrivals: Arrival[] = options.atOnce ? ["at once"] : ["spread", "at once"];
  const line = await measureLine({
    address: await classUrl(cluster),
    verify: cluster.config.tls.kind !== "self-signed",
  }).catch((error: Error) => {
    throw new UserError(`the class does not answer at its address: ${error.message}`, {
      hint: "to see what is wrong with the class, type: swarmhub status",
      code: exitCode.unreachable,
    });
  });
  const { site, ...measured } = line;
  const chromium = await findChromium();
  const rounds: Round[] = [];
  const show = async <Result>(
    title: string,
    run: (progress: (text: string) => void) => Promise<Result>,
  ) =>
    resultOf(
      (await runTasks("rehearse", [{ host: site.address, title, run }], terminal.report))[0],
    );
  for (const arrival of arrivals) {
    await show("remove what a rehearsal has left", () => clearRehearsal(cluster));
    if (signal.aborted) break;
    try {
      const workMs = options.minutes * 60_000;
      const plan = { arrival, site, people, workMs, notebook, chromium, signal };
      const how = arrival === "spread" ? "within two minutes" : "all at once";
      rounds.push(
        await show(`${peopleText(people)} come ${how}`, (progress) =>
          runRound(hub, { ...plan, progress }),
        ),
      );
    } finally {
      await show("remove the people and all that is theirs", () => clearRehearsal(cluster));
    }
  }
  terminal.report.close();
  if (signal.aborted)
    throw new UserError("the rehearsal was stopped; nothing of it is left", {
      code: exitCode.interrupted,
    });
  return {
    version: 1,
    class: cluster.config.name,
    at: new Date().toISOString(),
    people,
    minutes: options.minutes,
    notebook: notebook.name,
    cells: notebook.cells.length,
    skipped: skippedBy(cluster.config, { chromium, people }),
    line: measured,
    rounds: rounds.map(figuresOf),
  };
};
