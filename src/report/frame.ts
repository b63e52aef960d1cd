import { duration, plural, printable } from "../text/format.js";
import { columns, cut, pad } from "../text/width.js";
import { type Span, paint } from "./paint.js";
import type { HostProgress, PieceProgress, Progress } from "./progress.js";

/** What the terminal can show. `height` is the maximum number of lines of a frame. */
export type View = { width: number; height: number; colour: boolean; unicode: boolean };

/** The lines of a run at one moment, each within the width, all within the height. */
export const frame = (progress: Progress, view: View, now: number): string[] => {
  const signs = view.unicode ? unicodeSigns : asciiSigns;
  const spinner = signs.spinner[Math.floor(now / 100) % signs.spinner.length] ?? "";
  const lines =
    progress.inspecting === undefined
      ? tree(progress, now, view.height, { ...signs, spinner })
      : [inspectionLine(progress.inspecting, now - progress.since, spinner)];
  return lines.slice(0, view.height).map((line) => paint(line, view.width, view.colour));
};

type Line = readonly Span[];
type Signs = { done: string; failed: string; stopped: string; waiting: string; spinner: string };

const unicodeSigns = {
  done: "✓",
  failed: "✗",
  stopped: "■",
  waiting: "·",
  spinner: "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏",
};
const asciiSigns = { done: "+", failed: "x", stopped: "#", waiting: ".", spinner: "|/-\\" };

const inspectionLine = (hosts: number, ms: number, spinner: string): Line => [
  [` ${spinner} `, "busy"],
  [`inspecting ${plural(hosts, "machine")}`],
  [`  ${duration(ms)}`, "dim"],
];

const tree = ({ pieces, since }: Progress, now: number, height: number, signs: Signs): Line[] => {
  const names = Math.max(0, ...pieces.map(({ piece }) => columns(printable(piece))));
  const active = pieces.find(({ state }) => state !== "done");
  const activeIndex = active === undefined ? pieces.length : pieces.indexOf(active);
  const finished = pieces.slice(0, activeIndex).map((piece) => doneLine(piece, names, signs));
  const middle = active === undefined ? [] : [activeLine(active, names, now - since, signs)];
  const waiting = pieces.slice(activeIndex + 1).map((piece) => waitingLine(piece, signs));
  const hosts = active?.hosts ?? [];

  // On a low terminal first the waiting parts shrink to one line, then the finished ones, then the hosts.
  const shownWaiting = fit(
    waiting,
    height - finished.length - middle.length - hosts.length,
    (n) => [[` ${signs.waiting} ${n} more to come`, "dim"]],
  );
  const rest = height - middle.length - shownWaiting.length;
  const shownFinished = fit(finished, rest - hosts.length, (n) => [
    [` ${signs.done} `, "good"],
    [plural(n, "earlier part"), "dim"],
  ]);
  const shownHosts = hostLines(hosts, now, rest - shownFinished.length, signs);
  return [...shownFinished, ...middle, ...shownHosts, ...shownWaiting];
};

/** All lines if there is room for them, else one line with their number. */
const fit = (lines: readonly Line[], room: number, counted: (n: number) => Line): Line[] =>
  lines.length <= Math.max(1, room) ? [...lines] : [counted(lines.length)];

const doneLine = ({ piece, changed, ms }: PieceProgress, names: number, signs: Signs): Line => [
  [` ${signs.done} `, "good"],
  [pad(printable(piece), names)],
  [time(ms), "dim"],
  [changed === 0 ? "  up to date" : `  ${plural(changed, "change")}`, "dim"],
];

const activeLine = (piece: PieceProgress, names: number, since: number, signs: Signs): Line => {
  const ended = piece.state === "failed";
  const done = piece.hosts.reduce((sum, host) => sum + host.done, 0);
  return [
    ended ? endSign(piece, signs) : [` ${signs.spinner} `, "busy"],
    [pad(printable(piece.piece), names), "bold"],
    [time(ended ? piece.ms : since)],
    [piece.steps > 1 ? `  ${done} of ${piece.steps} steps` : "", "dim"],
  ];
};

/** No step failed where the run was interrupted or the part did not converge. */
const endSign = ({ hosts }: PieceProgress, signs: Signs): Span =>
  hosts.some(({ failed }) => failed !== undefined)
    ? [` ${signs.failed} `, "bad"]
    : [` ${signs.stopped} `, "warn"];

/** A piece after the active one; it may have started already. */
const waitingLine = ({ piece, state }: PieceProgress, signs: Signs): Line => [
  [` ${state === "running" ? signs.spinner : signs[state]} ${printable(piece)}`, "dim"],
];

const hostLines = (
  hosts: readonly HostProgress[],
  now: number,
  room: number,
  signs: Signs,
): Line[] => {
  const names = Math.max(0, ...hosts.map(({ host }) => columns(shortName(host))));
  const line = (host: HostProgress): Line => [
    [`     ${pad(shortName(host.host), names)}`],
    ...hostState(host, now, signs),
  ];
  if (hosts.length <= room) return hosts.map(line);
  const shown = hosts.toSorted(byUrgency).slice(0, Math.max(0, room - 1));
  return [
    ...shown.map(line),
    [[`     and ${plural(hosts.length - shown.length, "more machine")}`, "dim"]],
  ];
};

/** Failed hosts first, then running ones, the longest first; the least important are cut away. */
const byUrgency = (one: HostProgress, other: HostProgress): number =>
  urgency(one) - urgency(other) || (one.running?.began ?? 0) - (other.running?.began ?? 0);

const urgency = ({ failed, running }: HostProgress): number => {
  if (failed !== undefined) return 0;
  return running === undefined ? 2 : 1;
};

const shortName = (host: string): string => cut(printable(host), 24);

const hostState = (host: HostProgress, now: number, signs: Signs): Line => {
  if (host.failed !== undefined)
    return [
      [`  ${signs.failed} ${printable(host.failed.title)}`, "bad"],
      [`  ${printable(host.failed.error)}`, "dim"],
    ];
  if (host.running !== undefined) {
    const { title, began, text } = host.running;
    const detail = text === undefined ? "" : `  ${printable(text)}`;
    return [[time(now - began)], [`  ${printable(title)}`], [detail, "dim"]];
  }
  if (host.skipped > 0) return [[`  ${plural(host.skipped, "step")} skipped`, "warn"]];
  return [[`  ${signs.done} ${plural(host.done, "step")} done`, "dim"]];
};

const time = (ms: number): string => `  ${duration(ms).padStart(6)}`;
