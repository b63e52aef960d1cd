import test from "ava";
import { warmLines } from "../../src/commands/shared/warm.js";
import { warmClass } from "../../src/commands/warm.js";
import { roomText } from "../../src/commands/room/table.js";
import { nextMoment } from "../../src/config/values/moment.js";
import type { Config, Milliseconds } from "../../src/config/types.js";
import type { Docker } from "../../src/docker/client.js";
import { exitCode } from "../../src/errors.js";
import type { Event } from "../../src/reconcile/event.js";
import type { WarmReport, WarmStartReport } from "../../src/swarm/warm.js";
import { fakeCluster, fakeConfig, fakeHost, userError } from "../support/fakes.js";
import { githubTeams } from "./support/github-teams.js";

const at = new Date(2026, 10, 30, 8, 50).getTime() / 1000;
const start = (changes: Partial<WarmStartReport> = {}): WarmStartReport => ({
  key: "once 1",
  at,
  ready: 27,
  total: 30,
  going: false,
  missing: [],
  ...changes,
});
const missing = [
  { name: "bob", say: "No seat was left for a warm start." },
  { name: "carol\u001b[31m", say: "Your home folder cannot be mounted." },
  { name: "dora", say: "No seat was left for a warm start." },
];

/** A class whose hub answers a plan, then each report in turn, the last one again and again. */
const classWith = (plan: object, reports: WarmReport[], config: Partial<Config> = {}) => {
  const inputs: Record<string, unknown>[] = [];
  const docker = { listContainers: async () => [{ Id: "c0ffee" }] } as unknown as Docker;
  const next = (): string => JSON.stringify(reports.length > 1 ? reports.shift() : reports[0]);
  const manager = fakeHost("manager", {
    docker,
    answers: [
      [/group_members$/, JSON.stringify({ "uni:geo": ["ada"], "uni:goe": [] })],
      [/warm_start plan$/, () => JSON.stringify(plan)],
      [/warm_start report$/, next],
      [/warm_start cancel$/, JSON.stringify({ cancelled: 2 })],
    ],
  });
  const { run } = manager;
  manager.run = (argv, options) => {
    inputs.push(JSON.parse(String(options?.input)) as Record<string, unknown>);
    return run(argv, options);
  };
  const printed: string[] = [];
  const events: Event[] = [];
  const terminal = {
    print: (text: string) => void printed.push(text),
    report: { event: (event: Event) => void events.push(event), close: () => {} },
  };
  const cluster = { ...fakeCluster(manager), config: fakeConfig(config) };
  return { cluster, inputs, printed, events, terminal };
};
const now = { cancel: false, json: false };
const never = new AbortController().signal;
const plan = { key: "once 1", starts: [] };

test("warm shows how many are ready until all are", async (t) => {
  const going = start({ ready: 3, going: true });
  const { cluster, inputs, printed, events, terminal } = classWith(plan, [
    { starts: [going] },
    { starts: [start({ ready: 30 })] },
  ]);
  await warmClass(cluster, now, terminal, never, 1);
  t.deepEqual(inputs[0], { at: null, group: null, members: [] });
  t.deepEqual(printed, ["30 of 30 ready"]);
  t.true(
    events.some(
      (event) => event.type === "step-progress" && event.text === "3 of 30 ready, the others start",
    ),
  );
});

test("warm names who is not ready by reason, and fails", async (t) => {
  const { cluster, printed, terminal } = classWith(plan, [{ starts: [start({ missing })] }]);
  const error = await userError(warmClass(cluster, now, terminal, never, 1));
  t.is(error.message, "3 of 30 servers did not start");
  t.deepEqual(printed[0]?.split("\n"), [
    "27 of 30 ready",
    "  not ready: bob, dora: No seat was left for a warm start.",
    "  not ready: carol: Your home folder cannot be mounted.",
  ]);
});

test("warm goes on while the hub is restarted", async (t) => {
  const { cluster, printed, events, terminal } = classWith(plan, [
    { starts: [start({ ready: 30 })] },
  ]);
  const { manager } = cluster;
  let looks = 0;
  manager.docker = {
    listContainers: async () => (looks++ % 4 === 1 ? [] : [{ Id: "c0ffee" }]),
  } as unknown as Docker;
  const { run } = manager;
  manager.run = async (argv, options) => {
    if (looks === 3) throw new Error("cannot reach the hub: [Errno 111] Connection refused");
    return run(argv, options);
  };
  await warmClass(cluster, now, terminal, never, 1);
  t.is(looks, 4);
  t.deepEqual(printed, ["30 of 30 ready"]);
  t.true(events.some((event) => event.type === "step-progress" && /hub/.test(event.text)));
});

test("after Ctrl-C the hub goes on, and warm says so", async (t) => {
  const interrupt = new AbortController();
  const { cluster, printed, events, terminal } = classWith(plan, [
    { starts: [start({ going: true })] },
  ]);
  const running = warmClass(cluster, now, terminal, interrupt.signal, 60_000);
  setTimeout(() => interrupt.abort(), 50);
  await running;
  t.regex(printed[0] ?? "", /: 27 of 30 ready, the others start$/);
  t.true(events.some((event) => event.type === "note" && /the hub goes on/.test(event.text)));
});

test("warm --at plans a start with the members of a group who are not on the roster", async (t) => {
  const people = [{ name: "ada", shown: "Ada", groups: ["A"] }];
  const { login } = fakeConfig();
  const { cluster, inputs, printed, terminal } = classWith(plan, [], {
    login: { ...login, people, groups: { A: ["ada", "bob"] } },
  });
  const moment = { text: "2126-12-01T08:50:00+01:00", zone: "Europe/Berlin" };
  await warmClass(cluster, { ...now, at: moment, group: "A" }, terminal, never);
  t.deepEqual(inputs, [{ at: Date.parse(moment.text) / 1000, group: "A", members: ["bob"] }]);
  t.regex(printed[0] ?? "", /\(Europe\/Berlin\), also without this machine\./);
});

test("warm refuses unknown groups, a short idle, and a closed class", async (t) => {
  const { cluster, terminal, inputs } = classWith(plan, []);
  const unknown = await userError(warmClass(cluster, { ...now, group: "B" }, terminal, never));
  t.is(unknown.message, "there is no group B");
  cluster.config.servers.idle = 1_800_000 as Milliseconds;
  const moment = { text: "2126-12-01T08:50:00+01:00", zone: "Europe/Berlin" };
  const short = await userError(warmClass(cluster, { ...now, at: moment }, terminal, never));
  t.is(short.code, exitCode.usage);
  t.deepEqual(inputs, []);
  const closed = classWith({ why: "The class is closed, so no server starts." }, []);
  const error = await userError(warmClass(closed.cluster, now, closed.terminal, never));
  t.is(error.message, "manager: The class is closed, so no server starts.");
});

test("warm takes a group of the provider that has a member, and no other", async (t) => {
  const { login } = fakeConfig();
  const { cluster, inputs, terminal } = classWith(plan, [{ starts: [start()] }], {
    login: { ...login, method: githubTeams },
  });
  await warmClass(cluster, { ...now, group: "uni:geo" }, terminal, never, 1);
  t.deepEqual(inputs.slice(0, 2), [
    { groups: ["uni:geo"] },
    { at: null, group: "uni:geo", members: [] },
  ]);
  const error = await userError(warmClass(cluster, { ...now, group: "uni:goe" }, terminal, never));
  t.is(error.message, "there is no group uni:goe");
  t.regex(
    error.hint ?? "",
    /^a group of GitHub is known from the first login of a member on, or with a line/,
  );
});

test("warm --cancel says how many starts were cancelled", async (t) => {
  const { cluster, printed, terminal } = classWith(plan, []);
  await warmClass(cluster, { ...now, cancel: true }, terminal, never);
  t.regex(printed[0] ?? "", /^cancelled 2 warm starts/);
});

test("status has a line for each warm start and for the next one", (t) => {
  const problem = "Nobody is in the group A.";
  const lines = warmLines({
    starts: [
      start({ missing: missing.slice(0, 1) }),
      start({ group: "A", total: 0, ready: 0, problem }),
    ],
    next: { at: at + 86_400, say: "It waits, because the class is closed." },
  });
  t.deepEqual(lines, [
    "warm start for Mon 30 Nov 08:50: 27 of 30 ready",
    "  not ready: bob: No seat was left for a warm start.",
    "warm start for Mon 30 Nov 08:50 (group A): Nobody is in the group A.",
    "next warm start: Tue 1 Dec 08:50. It waits, because the class is closed.",
  ]);
});

test("the room in a terminal marks servers that nobody has visited", (t) => {
  const people = [{ name: "bob", role: "student", state: "running", warm: true }];
  const state = { class: "geo-101", now: at, seats: 3, taken: 1, queue: 0, people };
  const text = roomText(
    { ...state, machines: [], warnings: [], warm: { starts: [start()] } },
    undefined,
  );
  t.regex(text, /^warm start for Mon 30 Nov 08:50: 27 of 30 ready$/m);
  t.regex(text, /^bob +warm, not visited/m);
});

test("a time without a date is the next one, today or tomorrow", (t) => {
  const noon = new Date();
  noon.setDate(noon.getDate() + 30);
  noon.setHours(12, 0);
  const dayAfter = (days: number): string =>
    new Date(noon.getFullYear(), noon.getMonth(), noon.getDate() + days, 12).toDateString();
  t.is(new Date(nextMoment("12:30", noon).text).toDateString(), dayAfter(0));
  t.is(new Date(nextMoment("8:50", noon).text).toDateString(), dayAfter(1));
  t.is(new Date(nextMoment("12:00", noon).text).toDateString(), dayAfter(1));
});
