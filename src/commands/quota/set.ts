import {
  type Limits,
  type OwnLimits,
  type WantedLimits,
  wantedLimits,
} from "../../../contracts/limits.js";
import { limitInKiB } from "../../../contracts/xfs.js";
import { UserError } from "../../errors.js";
import { limitText } from "../../homes/findings.js";
import { type Home, type Homes, inspectHomes } from "../../homes/inspect.js";
import { selectHomes, ownerName } from "../../homes/select.js";
import { writeOwnLimits } from "../../homes/set-limits.js";
import { watcherProblem } from "../../homes/watcher.js";
import type { Host } from "../../host/host.js";
import { tableText } from "../../report/table.js";
import type { Terminal } from "../../report/terminal.js";
import { countText, formatSize, jsonText, plural, printable } from "../../text/format.js";
import { waitUntil } from "../../wait.js";
import { persistentHomes } from "../shared/homes.js";
import { type ClassOptions, withReachable } from "../shared/session.js";
import { type Request, limitsAfter, requestFrom } from "./arguments.js";

/** The options of `swarmhub quota set`; `words` are users and the limit. */
export type QuotaSetOptions = ClassOptions & { words: string[]; all: boolean; files?: string };

type Change = { home: Home; own: OwnLimits | undefined; wanted: WantedLimits };

/**
 * Sets the limits of homes, and waits until they are in force in XFS. It takes no lock: a running `up` never changes these files,
 * each one is replaced as a whole, and the watcher applies the newest.
 */
export const quotaSet = (options: QuotaSetOptions, terminal: Terminal): Promise<void> => {
  const request = requestFrom(options.words, options);
  return withReachable(options, terminal, (cluster) =>
    setQuota(persistentHomes(cluster).storage, request, options, terminal),
  );
};

/** The same on a storage host; `deadline` in milliseconds. */
export const setQuota = async (
  storage: Host,
  request: Request,
  { json }: Pick<QuotaSetOptions, "json">,
  terminal: Pick<Terminal, "print" | "report" | "screen">,
  deadline?: number,
): Promise<void> => {
  const seen = await inspectHomes(storage);
  const { limits } = seen;
  if (limits === undefined)
    throw new UserError("limits.json is missing or unreadable", {
      host: storage.name,
      hint: "to write it again, type: swarmhub up",
    });
  const homes = request.users === undefined ? seen.homes : selectHomes(seen.homes, request.users);
  const changes = homes.map((home): Change => {
    const own = limitsAfter(home.own, request);
    const { name, groups } = home;
    const wanted = wantedLimits(limits, { name, own, groups, current: undefined });
    return { home, own, wanted };
  });
  await writeOwnLimits(storage, new Map(changes.map(({ home, own }) => [home.name, own])));
  // With many homes, a pass of the watcher takes longer.
  await waitUntilInForce(storage, changes, deadline ?? 10_000 + 5 * seen.homes.length);
  if (json) return terminal.print(jsonText({ homes: changes.map(jsonOf) }));
  show(changes, terminal);
  if (request.users === undefined)
    terminal.report.event({ type: "note", text: newHomesText(limits) });
};

const newHomesText = ({ bytes, files }: Limits): string =>
  `new homes get the configured limits: ${formatSize(bytes)} and ${plural(files, "file")}`;

const waitUntilInForce = async (
  storage: Host,
  changes: readonly Change[],
  deadline: number,
): Promise<void> => {
  let remaining: readonly Change[] = changes;
  let seen: Homes | undefined;
  await waitUntil(
    async () => {
      const names = remaining.map(({ home }) => home.name);
      // A few homes are inspected alone: among 10,000 that is many times faster.
      seen = await inspectHomes(storage, names.length > 100 ? {} : { only: names });
      const homes = new Map(seen.homes.map((home) => [home.name, home]));
      // A home that was deleted meanwhile has no limit to wait for.
      remaining = remaining.filter(({ home, wanted }) => {
        const now = homes.get(home.name);
        return now !== undefined && !isInForce(now, wanted);
      });
      return remaining.length === 0 ? true : undefined;
    },
    { deadline, every: 100, otherwise: () => notInForce(storage, remaining, seen) },
  );
};

const isInForce = ({ attributes, bytes, files }: Home, wanted: WantedLimits): boolean =>
  (attributes?.projectId ?? 0) !== 0 &&
  bytes.hard === limitInKiB(wanted.bytes) * 1024 &&
  files.hard === wanted.files;

const notInForce = (
  storage: Host,
  remaining: readonly Change[],
  seen: Homes | undefined,
): UserError => {
  const names = remaining.slice(0, 5).map(({ home }) => ownerName(home));
  const more = remaining.length > 5 ? ` and ${remaining.length - 5} more` : "";
  const problem = seen === undefined ? undefined : watcherProblem(seen.watcher, seen.now);
  const failure = seen?.watcher?.failures.find(({ home }) =>
    remaining.some((change) => change.home.name === home),
  );
  const isReplaced = remaining.some(({ home, own }) => {
    const now = seen?.homes.find(({ name }) => name === home.name)?.own;
    return JSON.stringify(now) !== JSON.stringify(own);
  });
  const reason = isReplaced
    ? "another limit was set meanwhile"
    : (problem ?? failure?.reason ?? "the quota watcher did not apply it in time");
  return new UserError(
    `the limit is saved, but not in force for ${names.join(", ")}${more}: ${printable(reason)}`,
    {
      host: storage.name,
      hint: "to repair the watcher, which then applies it, type: swarmhub up; to check that, type: swarmhub quota check",
    },
  );
};

const maximumShown = 20;

const show = (
  changes: readonly Change[],
  terminal: Pick<Terminal, "print" | "report" | "screen">,
): void => {
  const rows = changes
    .slice(0, maximumShown)
    .map(({ home, wanted }) => [
      ownerName(home),
      `${limitText(home.bytes.hard)} → ${formatSize(wanted.bytes)}`,
      home.files.hard === wanted.files
        ? ""
        : `${home.files.hard === 0 ? "none" : countText(home.files.hard)} → ${countText(wanted.files)} files`,
      wanted.from === "quota set" ? "" : "as configured",
    ]);
  if (rows.length > 0) terminal.print(tableText(rows, { screen: terminal.screen }));
  if (changes.length > maximumShown)
    terminal.print(`… ${plural(changes.length, "home")} in all, each with its limit in force`);
  if (changes.length === 0) terminal.print("there are no homes yet");
  const warn = (overLimit: readonly Change[], text: (change: Change) => string): void => {
    for (const change of overLimit.slice(0, maximumShown))
      terminal.report.event({ type: "warning", text: text(change) });
    if (overLimit.length > maximumShown)
      terminal.report.event({
        type: "warning",
        text: `and ${overLimit.length - maximumShown} more`,
      });
  };
  warn(
    changes.filter(({ home, wanted }) => home.bytes.used > wanted.bytes),
    ({ home, wanted }) =>
      `${ownerName(home)} uses ${formatSize(home.bytes.used)}, more than ${formatSize(wanted.bytes)}: no data is lost, but nothing can be written until enough is deleted`,
  );
  warn(
    changes.filter(({ home, wanted }) => home.files.used > wanted.files),
    ({ home, wanted }) =>
      `${ownerName(home)} has ${plural(home.files.used, "file")}, more than ${wanted.files}: no file can be created until enough are deleted`,
  );
};

const jsonOf = ({ home, wanted }: Change) => ({
  home: home.name,
  user: home.user ?? null,
  limitBytesBefore: home.bytes.hard || null,
  limitBytes: wanted.bytes,
  limitFilesBefore: home.files.hard || null,
  limitFiles: wanted.files,
  usedBytes: home.bytes.used,
  files: home.files.used,
  from: wanted.from,
});
