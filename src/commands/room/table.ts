import type { View } from "../../report/frame.js";
import { type Cell, tableText } from "../../report/table.js";
import type { RoomState } from "../../swarm/room.js";
import { missingLines, startLine } from "../shared/warm.js";
import { agoText, duration, formatSize, plural, printable } from "../../text/format.js";

type Person = RoomState["people"][number];
type Machine = RoomState["machines"][number];

/** The room as text for a terminal or a file: seats, warnings, machines, people; `isOld`: the hub has not answered since. */
export const roomText = (state: RoomState, screen: View | undefined, isOld = false): string => {
  const { people, machines, warnings } = state;
  const count = (wanted: string): number => people.filter((each) => each.state === wanted).length;
  const counts = (["starting", "failed"] as const).flatMap((each) =>
    count(each) > 0 ? [`${count(each)} ${each}`] : [],
  );
  const summary = [
    `${state.taken} of ${plural(state.seats, "seat")} taken`,
    ...(state.queue > 0 ? [`${state.queue} in the queue`] : []),
    ...counts,
  ];
  const down = new Set(machines.filter((each) => each.state === "down").map(({ name }) => name));
  // The hub calls a server running until Swarm has moved it.
  const isLost = ({ state: each, machine = "" }: Person) => each === "running" && down.has(machine);
  const rows = people.map((person) => personRow(person, state.now, isLost(person)));
  return [
    `${state.class}  ${summary.join(", ")}`,
    ...(isOld
      ? [
          `! the hub does not answer, so this is the state of ${timeText(state.now)}; it is asked again`,
        ]
      : []),
    ...(state.closed ? [printable(state.closed)] : []),
    ...(state.announcement ? [`announced: ${printable(state.announcement.text)}`] : []),
    ...(state.warm?.starts ?? []).flatMap((start) => [startLine(start), ...missingLines(start)]),
    ...warnings.map((parts) => `! ${printable(parts.map(partText).join(""))}`),
    ...(machines.length > 0 ? ["", tableText(machines.map(machineRow), { screen })] : []),
    ...(rows.length > 0 ? ["", tableText([header, ...rows], { screen })] : []),
  ].join("\n");
};

const header: Cell[] = ["name", "state", "machine", "memory", "cpu", "home", "last used"].map(
  (text) => [[text, "dim"]],
);

const personRow = (person: Person, now: number, isLost: boolean): Cell[] => [
  printable(person.name) + (person.role === "student" ? "" : ` (${person.role})`),
  isLost
    ? [["machine is down: the server starts again on another one if there is room", "bad"]]
    : [[stateText(person, now), styles[person.state] ?? "plain"]],
  person.machine ?? "",
  pair(person.memory, person.limit),
  person.cpu === undefined ? "" : person.cpu.toFixed(1),
  pair(person.home, person.quota),
  person.activity === undefined
    ? ""
    : agoText(new Date(person.activity * 1000), new Date(now * 1000)),
];

const styles: Record<string, "good" | "bad" | "busy" | "warn" | "dim"> = {
  running: "good",
  failed: "bad",
  starting: "busy",
  queued: "warn",
  away: "dim",
};

const stateText = (person: Person, now: number): string => {
  const since = person.since === undefined ? "" : ` ${duration((now - person.since) * 1000)}`;
  const words = person.say === undefined ? "" : `: ${printable(person.say)}`;
  switch (person.state) {
    case "away":
      return "not here";
    case "queued":
      return `number ${person.place ?? 0} in the queue,${since}`;
    case "starting":
      return `starting${since}${words}`;
    case "failed":
      return `failed${words}`;
    case "running":
      return runningText(person);
    default:
      return person.state;
  }
};

const runningText = ({ busy, warm, ended, help }: Person): string => {
  const state =
    warm === true ? "warm, not visited" : busy === true ? "running, kernel busy" : "running";
  const text = help === undefined ? state : `${state}, asks for help since ${timeText(help)}`;
  if (ended === undefined) return text;
  const word = ended.count === 1 ? "1 process" : `${ended.count} processes`;
  return `${text}; ${word} ended for memory ${ended.before ? "before" : "at"} ${timeText(ended.at)}`;
};

const machineRow = (machine: Machine): Cell[] => {
  const { name, people, cpu, cores = 0 } = machine;
  const start: Cell[] = [name, plural(people, "server")];
  if (machine.state !== "ready") return [...start, [[machine.state, "bad"]]];
  if (machine.memoryTotal === undefined)
    return [
      ...start,
      [
        [
          machine.heard === undefined
            ? "no report yet"
            : `no news since ${timeText(machine.heard)}`,
          "bad",
        ],
      ],
    ];
  return [
    ...start,
    `memory ${pair(machine.memory, machine.memoryTotal)}`,
    `cpu ${cpu === undefined ? "-" : cpu.toFixed(1)} of ${cores}`,
    `disk ${pair(machine.disk, machine.diskTotal)}`,
  ];
};

const partText = (part: RoomState["warnings"][number][number]): string => {
  if (typeof part === "string") return part;
  return "person" in part ? part.person : timeText(part.time);
};

const megabyte = 2 ** 20;
const pair = (used: number | undefined, total: number | undefined): string =>
  used === undefined || total === undefined
    ? ""
    : `${formatSize(used * megabyte)} of ${formatSize(total * megabyte)}`;

/** By the clock and in the time zone of the operator's machine: "10:32". */
const timeText = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
