import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { execa } from "execa";
import type { Cluster } from "../../src/cluster/cluster.js";
import { linkIn } from "../../src/commands/link.js";
import type { Docker } from "../../src/docker/client.js";
import { exitCode } from "../../src/errors.js";
import { paths } from "../../src/paths.js";
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

const contentClass = (cluster: Cluster): Cluster => {
  cluster.manager.facts = async () => fakeFacts({});
  cluster.config.domain = "geo.example.org";
  cluster.config.servers.content = { repository: "https://git.example.org/a", folder: "Week 2" };
  return cluster;
};

/** What is printed, and the warnings; `hub` is the state of the room, undefined while the hub does not run. */
const linkWith = async (
  hub: RoomState | undefined,
  path?: string,
  { json = false, absent = "" } = {},
) => {
  const docker = {
    listContainers: async () => (hub === undefined ? [] : [{ Id: "c0ffee" }]),
  } as unknown as Docker;
  const answers: [string, string][] = [
    ["services.room_state", JSON.stringify(hub)],
    ["sent/.content", absent],
  ];
  const cluster = contentClass(classOf(0, { docker, answers }));
  const printed: string[] = [];
  const report = fakeReport();
  await linkIn(cluster, { path, json }, { print: (text) => void printed.push(text), report });
  return { text: printed.join("\n"), events: report.events };
};
const linked = async (path?: string, json = false) => (await linkWith(room, path, { json })).text;

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
  const { text, events } = await linkWith(problem, "a.ipynb", { json: true });
  t.like(JSON.parse(text), { path: "Week 2/a.ipynb", problem: contentProblem });
  t.deepEqual(events, []);
  t.deepEqual(await linkWith({ ...room, contentProblem: null }), { text: start, events: [] });
  t.deepEqual(await linkWith(undefined), { text: start, events: [] });
});

test("link warns of a path that the repository did not have when the hub last read it", async (t) => {
  const { text, events } = await linkWith(room, "labs/lab2.ipynb", { absent: "absent\n" });
  t.regex(text, /lab2\.ipynb$/);
  const warning =
    "the repository had no labs/lab2.ipynb when the hub last read it; it reads it when a server starts";
  t.deepEqual(events, [{ type: "warning", text: warning }]);
  const json = await linkWith(room, "labs/lab2.ipynb", { json: true, absent: "absent\n" });
  t.like(JSON.parse(json.text), { problem: warning });
});

test("the files that were fetched are looked through on the storage host", async (t) => {
  const cluster = contentClass(classOf(0));
  const folder = await mkdtemp(join(tmpdir(), "link-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const files = join(folder, "handouts/sent/.content/3/files/Week 2/labs");
  cluster.manager.script = async (text) =>
    (await execa("sh", ["-c", text.replace(paths.storage, folder)])).stdout;
  const warningsFor = async (path?: string) => {
    const report = fakeReport();
    await linkIn(cluster, { path, json: false }, { print: () => {}, report });
    return report.events.length;
  };
  t.is(await warningsFor("labs/a.ipynb"), 0, "nothing was fetched yet");
  await mkdir(files, { recursive: true });
  await writeFile(join(files, "it's a $HOME.ipynb"), "");
  t.is(await warningsFor("labs/it's a $HOME.ipynb"), 0);
  t.is(await warningsFor("labs"), 0);
  t.is(await warningsFor(), 0);
  t.is(await warningsFor("labs/b.ipynb"), 1);
});
