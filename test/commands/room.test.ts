import test from "ava";
import { showRoom } from "../../src/commands/room.js";
import { roomText } from "../../src/commands/room/table.js";
import { type RoomState, inspectRoom, metricsToken } from "../../src/swarm/room.js";
import { UserError, exitCode } from "../../src/errors.js";
import { fakeCluster, fakeHost, userError } from "../support/fakes.js";

const now = 1_764_500_000;
const state: RoomState = {
  class: "geo-101",
  now,
  seats: 3,
  taken: 2,
  queue: 1,
  people: [
    { name: "ada", role: "teacher", state: "away" },
    {
      name: "bob\u001b[31m",
      role: "student",
      state: "running",
      machine: "one",
      memory: 612,
      limit: 1024,
      cpu: 0.44,
      home: 1024,
      quota: 5120,
      activity: now - 300,
      busy: true,
      help: now - 120,
      ended: { count: 2, at: now - 60, before: true },
    },
    { name: "carl", role: "student", state: "starting", say: "Found a seat", since: now - 12 },
    { name: "dora", role: "student", state: "queued", place: 1, since: now - 65 },
    { name: "eve", role: "student", state: "failed", say: "No.", since: now },
    { name: "finn", role: "student", state: "running", machine: "two" },
  ],
  machines: [
    {
      name: "one",
      state: "ready",
      open: true,
      people: 1,
      memory: 2048,
      memoryTotal: 8192,
      cores: 4,
      cpu: 1.5,
      disk: 1024,
      diskTotal: 20_480,
    },
    { name: "two", state: "down", open: false, people: 0 },
    { name: "three", state: "ready", open: true, people: 0 },
  ],
  warnings: [["The home of ", { person: "bob" }, " is 98 % full."]],
};

test("a closed class says so below the seats", (t) => {
  const closed = "The class geo-101 is closed. It opens again on Monday.";
  t.is(roomText({ ...state, closed }, undefined).split("\n")[1], closed);
});

test("the room in a terminal has seats, warnings, machines and everybody with the state in words", (t) => {
  const lines = roomText(state, undefined).split("\n");
  t.is(lines[0], "geo-101  2 of 3 seats taken, 1 in the queue, 1 starting, 1 failed");
  t.is(lines[1], "! The home of bob is 98 % full.");
  t.deepEqual(lines.slice(3, 6), [
    "one    1 server   memory 2 GB of 8 GB  cpu 1.5 of 4  disk 1 GB of 20 GB",
    "two    0 servers  down",
    "three  0 servers  no report yet",
  ]);
  t.is(lines[8], "ada (teacher)  not here");
  t.regex(
    lines[9] ?? "",
    /^bob +running, kernel busy, asks for help since \d\d:\d\d; 2 processes ended for memory before \d\d:\d\d /,
  );
  t.regex(lines[9] ?? "", / one +612 MB of 1 GB +0\.4 +1 GB of 5 GB +5 min ago$/);
  t.regex(lines[10] ?? "", /^carl +starting 12 s: Found a seat$/);
  t.regex(lines[11] ?? "", /^dora +number 1 in the queue, 1 min 05 s$/);
  t.regex(lines[12] ?? "", /^eve +failed: No\.$/);
  t.regex(lines[13] ?? "", /^finn +machine is down: the server starts again on another one if/);
});

const clusterWith = (hub: string | undefined, answer: string) => {
  const manager = fakeHost("manager", {
    answers: [["swarmhub.services.room_state", answer]],
    docker: {
      listContainers: (async () => (hub === undefined ? [] : [{ Id: hub }])) as never,
    },
  });
  return { manager, cluster: fakeCluster(manager) };
};

test("the room is asked of the hub in its container", async (t) => {
  const { manager, cluster } = clusterWith("hub-1", JSON.stringify(state));
  t.deepEqual(await inspectRoom(cluster), state);
  t.deepEqual(manager.asked, ["run docker exec -i hub-1 python3 -m swarmhub.services.room_state"]);
});

const screen = { width: 80, height: 24, colour: false, unicode: true };
const options = { once: false, metricsToken: false, json: false };

/** What is printed; the third time, it is as if Ctrl-C was pressed. */
const threeTimes = () => {
  const printed: string[] = [];
  const abort = new AbortController();
  const print = (text: string): void => {
    printed.push(text);
    if (printed.length === 3) abort.abort();
  };
  return { printed, print, abort };
};

test("in a terminal the room is shown until Ctrl-C, elsewhere once, and as JSON as the hub has it", async (t) => {
  const { cluster } = clusterWith("hub-1", JSON.stringify(state));
  const { printed, print, abort } = threeTimes();
  await showRoom(cluster, options, { print, screen }, abort.signal, 1);
  t.is(printed.length, 3);
  t.true(printed[0]?.startsWith("\u001b[H\u001b[2Jgeo-101 "));
  await showRoom(cluster, options, { print, screen: undefined }, abort.signal);
  t.true(printed[3]?.startsWith("geo-101 "));
  await showRoom(cluster, { ...options, json: true }, { print, screen }, abort.signal);
  t.deepEqual(JSON.parse(printed[4] ?? ""), state);
});

test("a live room outlasts a restart of the hub, and says that what it shows is old", async (t) => {
  const { manager, cluster } = clusterWith("hub-1", JSON.stringify(state));
  const run = manager.run.bind(manager);
  const { printed, print, abort } = threeTimes();
  manager.run = (...asked) =>
    printed.length === 1 ? Promise.reject(new UserError("the hub does not answer")) : run(...asked);
  await showRoom(cluster, options, { print, screen }, abort.signal, 1);
  t.is(printed.length, 3);
  t.regex(
    printed[1] ?? "",
    /geo-101 .*\n! the hub does not answer, so this is the state of \d\d:\d\d; it is asked again\n! The home/,
  );
  t.is(printed[2], printed[0]);
  manager.run = () => Promise.reject(new UserError("the hub does not answer"));
  const error = showRoom(cluster, options, { print, screen }, new AbortController().signal, 1);
  t.is((await userError(error)).message, "the hub does not answer");
});

test("without a hub the room says so", async (t) => {
  const error = await userError(inspectRoom(clusterWith(undefined, "").cluster));
  t.is(error.code, exitCode.failed);
  t.regex(error.message, /the hub does not run, so nobody knows who is here/);
});

test("the token for Prometheus is in a file of the hub that only root may read", async (t) => {
  const manager = fakeHost("manager", { answers: [["cat", "abc\n"]] });
  t.is(await metricsToken(fakeCluster(manager)), "abc");
  t.deepEqual(manager.asked, ["run cat /var/lib/swarmhub/hub/room-metrics-token"]);
});
