import { limitText } from "../../homes/findings.js";
import { type Home, type Homes, type Usage, inspectHomes } from "../../homes/inspect.js";
import { ownerName } from "../../homes/select.js";
import type { View } from "../../report/frame.js";
import type { Span } from "../../report/paint.js";
import { type Cell, tableText } from "../../report/table.js";
import type { Terminal } from "../../report/terminal.js";
import { agoText, countText, formatSize, jsonText, plural } from "../../text/format.js";
import { persistentHomes } from "../shared/homes.js";
import { type ClassOptions, withReachable } from "../shared/session.js";

const orders = {
  name: (one: Home, other: Home) => (ownerName(one) < ownerName(other) ? -1 : 1),
  used: (one: Home, other: Home) => other.bytes.used - one.bytes.used,
  limit: (one: Home, other: Home) => other.bytes.hard - one.bytes.hard,
  files: (one: Home, other: Home) => other.files.used - one.files.used,
  changed: (one: Home, other: Home) => Number(other.changed ?? 0) - Number(one.changed ?? 0),
};

/** The options of `swarmhub quota ls`; `over` is in per cent. */
export type QuotaLsOptions = ClassOptions & { over?: number; sort: keyof typeof orders };

/** Shows how full each home is. */
export const quotaLs = (options: QuotaLsOptions, terminal: Terminal): Promise<void> =>
  withReachable(options, terminal, async (cluster) => {
    const { storage } = persistentHomes(cluster);
    const seen = await inspectHomes(storage, { changes: true });
    terminal.print(quotaText(seen, options, terminal.screen));
  });

/** The homes as a table with their sums, or as JSON. */
export const quotaText = (
  seen: Homes,
  { over = 0, sort, json }: Pick<QuotaLsOptions, "over" | "sort" | "json">,
  screen?: View,
): string => {
  const shown = seen.homes
    .filter((home) => over === 0 || fullness(home) >= over)
    .toSorted((one, other) => orders[sort](one, other) || orders.name(one, other));
  return json ? jsonText(jsonOf(shown, seen)) : textOf(shown, seen, over, screen);
};

/** How full a home is in per cent: the higher one of its bytes and its files. */
const fullness = ({ bytes, files }: Home): number => Math.max(percent(bytes), percent(files));

const percent = ({ used, hard }: Usage): number => (hard === 0 ? 0 : (used / hard) * 100);

const jsonOf = (shown: readonly Home[], { homes, disk }: Homes) => ({
  homes: shown.map((home) => ({
    home: home.name,
    user: home.user ?? null,
    usedBytes: home.bytes.used,
    limitBytes: home.bytes.hard || null,
    files: home.files.used,
    limitFiles: home.files.hard || null,
    percent: Number(fullness(home).toFixed(1)),
    lastChange: home.changed?.toISOString() ?? null,
  })),
  total: { ...totalOf(homes), diskBytes: disk.size, diskFreeBytes: disk.free },
});

const totalOf = (homes: readonly Home[]) => ({
  homes: homes.length,
  usedBytes: homes.reduce((sum, { bytes }) => sum + bytes.used, 0),
  limitBytes: homes.reduce((sum, { bytes }) => sum + bytes.hard, 0),
  files: homes.reduce((sum, { files }) => sum + files.used, 0),
});

const textOf = (
  shown: readonly Home[],
  { homes, now, disk }: Homes,
  over: number,
  screen: View | undefined,
): string => {
  const header = ["USER", "USED", "LIMIT", "", "FILES", "LAST CHANGE"];
  const rows = shown.map((home): Cell[] => [
    ownerName(home),
    formatSize(home.bytes.used),
    limitText(home.bytes.hard),
    fullnessCell(home, screen),
    filesText(home.files),
    home.changed === undefined ? "-" : agoText(home.changed, now),
  ]);
  const table = rows.length === 0 ? [] : [tableText([header, ...rows], { right: [1, 2], screen })];
  const total = totalOf(homes);
  const shownText = over === 0 ? "" : `${shown.length} of them at ${over} % or more; `;
  const totalText = `${formatSize(total.usedBytes)} used of ${formatSize(total.limitBytes)} granted, ${plural(total.files, "file")}`;
  const diskText = `${formatSize(disk.free)} of ${formatSize(disk.size)} free on the disk`;
  return [...table, `${plural(homes.length, "home")}: ${shownText}${totalText}; ${diskText}`].join(
    "\n",
  );
};

const filesText = ({ used, hard }: Usage): string =>
  hard === 0 ? countText(used) : `${countText(used)} of ${countText(hard)}`;

const barWidth = 10;

/** A bar on a terminal, and always the number. */
const fullnessCell = (home: Home, screen: View | undefined): Span[] => {
  const percentage = fullness(home);
  const number = `${Math.floor(percentage)} %`.padStart(5);
  if (screen === undefined) return [[number]];
  const style = percentage >= 90 ? "bad" : percentage >= 75 ? "warn" : "good";
  const filled = Math.min(barWidth, Math.round((percentage / 100) * barWidth));
  const [block, rest] = screen.unicode ? ["█", "░"] : ["#", "-"];
  return [[block.repeat(filled), style], [rest.repeat(barWidth - filled), "dim"], [number]];
};
