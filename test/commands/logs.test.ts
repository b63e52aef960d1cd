import test from "ava";
import { printLog } from "../../src/commands/logs.js";
import { type LogLine, linesOf } from "../../src/commands/logs/docker-stream.js";
import type { Docker } from "../../src/docker/client.js";
import { exitCode } from "../../src/errors.js";
import { homeNamesOf, slugOf } from "../../src/names.js";
import { fakeFacts, twoMachines, userError } from "../support/fakes.js";

const frame = (stream: 1 | 2, text: string): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};
const linesFrom = async (chunks: Buffer[]): Promise<string[]> => {
  const found: string[] = [];
  for await (const { stream, line } of linesOf(chunksOf(chunks))) found.push(`${stream} ${line}`);
  return found;
};
const chunksOf = async function* (chunks: Buffer[]) {
  yield* chunks;
};

test("the two streams of a log are separated, wherever the bytes are cut", async (t) => {
  const log = Buffer.concat([frame(1, "one\ntw"), frame(2, "bäd\n"), frame(1, "o\nlast")]);
  const expected = ["stdout one", "stderr bäd", "stdout two", "stdout last"];
  for (const size of [1, 3, 7, 8, 100])
    t.deepEqual(
      await linesFrom(
        Array.from({ length: Math.ceil(log.length / size) }, (_, index) =>
          log.subarray(index * size, (index + 1) * size),
        ),
      ),
      expected,
    );
});

test("the log of a container with a terminal is unchanged", async (t) => {
  t.deepEqual(await linesFrom([Buffer.from("plain\ntext")]), ["stdout plain", "stdout text"]);
  t.deepEqual(await linesFrom([Buffer.from("ab")]), ["stdout ab"]);
  t.deepEqual(await linesFrom([]), []);
});

test("the scheme of the hub's names is frozen, and so is the former one", (t) => {
  for (const [name, present, former] of [
    ["alice", "alice", "alice"],
    ["Alice", "alice---3bc51062973c458d", "alice---3bc51062"],
    ["ada.lovelace@example.org", "ada-lovel---7799473ff091b381", "ada-lovelace-exam---7799473f"],
    ["josé", "jos---d994e1d001886fe5", "jos---d994e1d0"],
    ["1", "x-1---6b86b273ff34fce1", "x-1---6b86b273"],
    ["_", "x---d2e2adf7177b7a8a", "x---d2e2adf7"],
    ["a--b", "a-b---90827a2e56361a8f", "a-b---90827a2e"],
    ["", "x---e3b0c44298fc1c14", "x---e3b0c442"],
    ["x".repeat(29), "xxxxxxxxx---1702245ac78581c3", "xxxxxxxxxxxxxxxxx---1702245a"],
  ] as const) {
    t.is(slugOf(name), present);
    t.deepEqual(homeNamesOf(name), present === former ? [present] : [present, former]);
  }
});

type Task = {
  service: string;
  node: string;
  container?: string;
  state?: string;
  wanted?: string;
  made?: string;
};

/** A class of two machines with these tasks and the log of each container; a container without a log is removed. */
const classWith = (
  tasks: readonly Task[],
  containers: Record<string, Buffer> = {},
  failedStarts: Record<string, string> = {},
) => {
  const asked: string[] = [];
  const engine = (name: string): Partial<Docker> =>
    ({
      info: async () => ({ Swarm: { ControlAvailable: name === "manager" } }),
      listServices: async () =>
        [...new Set(tasks.map(({ service }) => service))].map((Name) => ({
          Spec: {
            Name,
            Labels: {
              "swarmhub.class": "geo-101",
              ...(/nb-/.test(Name) && { "swarmhub.user": Name.replace(/^.*?nb-/, "") }),
            },
          },
        })),
      listTasks: async (options: { filters: { service: string[] } }) =>
        tasks
          .filter(({ service }) => options.filters.service.includes(service))
          .map(({ node, container, state = "running", wanted = "running", made = "1" }) => ({
            CreatedAt: made,
            DesiredState: wanted,
            NodeID: `node-${node}`,
            Status: {
              State: state,
              ...(state === "rejected" && { Err: "No such image" }),
              ...(container && { ContainerStatus: { ContainerID: container } }),
            },
          })),
      listNodes: async () =>
        ["manager", "worker"].map((node) => ({
          ID: `node-${node}`,
          Spec: { Labels: { "swarmhub.machine": `id-${node}` } },
        })),
      getContainer: (container: string) => ({
        logs: async ({ tail, follow }: { tail: number; follow: boolean }) => {
          asked.push(`${name}: ${container} ${tail}${follow ? " follow" : ""}`);
          const log = containers[container];
          if (log === undefined) throw Object.assign(new Error("gone"), { statusCode: 404 });
          return follow ? chunksOf([log]) : log;
        },
      }),
    }) as unknown as Partial<Docker>;
  const read = (script: string): string =>
    Object.entries(failedStarts).find(([home]) =>
      script.includes(`/var/lib/swarmhub/hub/failed-starts/${home}`),
    )?.[1] ?? "";
  const cluster = twoMachines(engine, [["/failed-starts/", read]]);
  return {
    asked,
    cluster,
    log: async (part: string, lines = 100): Promise<string[]> => {
      const shown: LogLine[] = [];
      await printLog(
        cluster,
        { part, lines, follow: false },
        new AbortController().signal,
        (line) => {
          shown.push(line);
        },
      );
      return shown.map(({ line }) => line);
    },
  };
};

test("a part's log is read from its container, on the machine of its node", async (t) => {
  const { log, asked } = classWith([{ service: "geo-101-hub", node: "worker", container: "c1" }], {
    c1: frame(2, "hello\n"),
  });
  t.deepEqual(await log("hub", 7), ["hello"]);
  t.deepEqual(asked, ["worker: c1 7"]);
});

test("of several tasks the desired one is read, else the newest; a removed container is skipped", async (t) => {
  const tasks = [
    { service: "geo-101-hub", node: "manager", container: "older", wanted: "shutdown", made: "2" },
    { service: "geo-101-hub", node: "manager", container: "gone", wanted: "shutdown", made: "3" },
    { service: "geo-101-hub", node: "manager", container: "now", made: "1" },
  ];
  const containers = { older: frame(1, "older\n"), now: frame(1, "now\n") };
  t.deepEqual(await classWith(tasks, containers).log("hub"), ["now"]);
  t.deepEqual(await classWith(tasks.slice(0, 2), containers).log("hub"), ["older"]);
});

test("the quota watcher is a container of the storage host", async (t) => {
  const { log, asked } = classWith([], { "geo-101-quota": frame(1, "watching\n") });
  t.deepEqual(await log("quota"), ["watching"]);
  t.deepEqual(asked, ["manager: geo-101-quota 100"]);
});

for (const [typed, service] of [
  ["ada", "geo-101-nb-ada"],
  ["Ada", "geo-101-nb-ada"],
  ["geo-101-nb-ada", "geo-101-nb-ada"],
  ["ada.lovelace@example.org", "geo-101-nb-ada-lovelace-exam---7799473f"],
  ["ada-lovelace-exam---7799473f", "geo-101-nb-ada-lovelace-exam---7799473f"],
] as const)
  test(`a user's server is found as ${typed}`, async (t) => {
    const { log } = classWith([{ service, node: "worker", container: "c" }], {
      c: frame(1, "mine\n"),
    });
    t.deepEqual(await log(typed), ["mine"]);
  });

test("an unknown name is refused with the known ones", async (t) => {
  const tasks = ["geo-101-hub", "geo-101-edge", "geo-101-nb-bob", "geo-101-nb-ada"].map(
    (service) => ({ service, node: "worker" }),
  );
  const error = await userError(classWith(tasks).log("carol"));
  t.is(
    error.message,
    `geo-101 has no part and no user's server "carol"; parts: hub, edge, quota; users: ada, bob`,
  );
  t.is(error.code, exitCode.usage);
});

test("a user whose server did not start has a log all the same", async (t) => {
  const report = "2026-11-29 12:00:00 UTC: the server of Ada did not start\n| No module named x\n";
  const { log } = classWith([], {}, { [slugOf("Ada")]: report });
  t.deepEqual(await log("Ada"), report.trimEnd().split("\n"));
  t.regex((await userError(log("bob"))).message, /no user's server "bob"/);
  const pending = { service: "geo-101-nb-ada", node: "worker", state: "rejected" };
  t.deepEqual(await classWith([pending], {}, { ada: report }).log("ada"), await log("Ada"));
});

test("a name that is a path is not read", async (t) => {
  const { log } = classWith([], {}, { "../": "secret" });
  t.regex((await userError(log("../hub.sqlite"))).message, /no user's server/);
});

test("a task without a container is reported with its reason", async (t) => {
  const { log } = classWith([{ service: "geo-101-edge", node: "manager", state: "rejected" }]);
  t.regex(
    (await userError(log("edge"))).message,
    /edge has no container and no log yet \(rejected: No such image/,
  );
});

test("a removed container is reported as such", async (t) => {
  const error = await userError(classWith([]).log("quota"));
  t.is(error.message, "quota no longer has a container on manager");
});

test("a class that is not up has no logs", async (t) => {
  const { cluster } = classWith([]);
  for (const host of cluster.hosts) host.facts = async () => fakeFacts({ units: {} });
  const signal = new AbortController().signal;
  const options = { part: "hub", lines: 1, follow: false };
  t.regex(
    (await userError(printLog(cluster, options, signal, () => {}))).message,
    /geo-101 is not up/,
  );
});
