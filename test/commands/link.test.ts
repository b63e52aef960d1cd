import test from "ava";
import { linkIn } from "../../src/commands/link.js";
import type { Docker } from "../../src/docker/client.js";
import { exitCode } from "../../src/errors.js";
import type { RoomState } from "../../src/swarm/room.js";
import { classOf } from "../support/class-of.js";
import { fakeFacts, fakeReport, userError } from "../support/fakes.js";

const room: RoomState = {
  class: "geo-101",
  now: 0,
  seats: 3,
  taken: 0,
  queue: 0,
  people: [],
  machines: [],
  warnings: [],
};

/** What is printed, and the warnings; `hub` is the state of the room, undefined while the hub does not run. */
const linkWith = async (hub: RoomState | undefined, path?: string, json = false) => {
  const docker = {
    listContainers: async () => (hub === undefined ? [] : [{ Id: "c0ffee" }]),
  } as unknown as Docker;
  const answers: [string, string][] = [["services.room_state", JSON.stringify(hub)]];
  const cluster = classOf(0, { docker, answers });
  cluster.manager.facts = async () => fakeFacts({});
  cluster.config.domain = "geo.example.org";
  cluster.config.servers.content = { repository: "https://git.example.org/a", folder: "Week 2" };
  const printed: string[] = [];
  const report = fakeReport();
  await linkIn(cluster, { path, json }, { print: (text) => void printed.push(text), report });
  return { text: printed.join("\n"), events: report.events };
};
const linked = async (path?: string, json = false) => (await linkWith(room, path, json)).text;

test("link prints the address of a file of the class's content in everybody's own server", async (t) => {
  const start = "https://geo.example.org/hub/user-redirect/lab/tree/Week%25202";
  t.is(await linked(), start);
  t.is(await linked("labs/über?.ipynb"), `${start}/labs/%25C3%25BCber%253F.ipynb`);
  t.deepEqual(JSON.parse(await linked("./a.ipynb", true)), {
    address: `${start}/a.ipynb`,
    path: "Week 2/a.ipynb",
  });
});

test("link refuses a path outside of the repository, and a class without content", async (t) => {
  t.is((await userError(linked("../../hub/logout"))).code, exitCode.usage);
  const refused = await userError(
    linkIn(classOf(0), { json: false }, { print: () => {}, report: fakeReport() }),
  );
  t.regex(refused.message, /no content from git/);
});

test("link warns while the hub cannot read the repository, and needs no hub that answers", async (t) => {
  const start = "https://geo.example.org/hub/user-redirect/lab/tree/Week%25202";
  const contentProblem = "no new content from https://git.example.org/a: it does not exist";
  const problem = { ...room, contentProblem };
  t.deepEqual(await linkWith(problem), {
    text: start,
    events: [{ type: "warning", text: contentProblem }],
  });
  const { text, events } = await linkWith(problem, "a.ipynb", true);
  t.like(JSON.parse(text), { path: "Week 2/a.ipynb", problem: contentProblem });
  t.deepEqual(events, []);
  t.deepEqual(await linkWith({ ...room, contentProblem: null }), { text: start, events: [] });
  t.deepEqual(await linkWith(undefined), { text: start, events: [] });
});
