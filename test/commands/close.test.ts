import test from "ava";
import { closeClass } from "../../src/commands/close.js";
import { reopenClass } from "../../src/commands/reopen.js";
import type { Docker } from "../../src/docker/client.js";
import { fakeCluster, fakeHost, userError } from "../support/fakes.js";

/** A class whose hub answers this; `inputs` is what each command sent to it. */
const classWith = (answer: object) => {
  const inputs: Record<string, unknown>[] = [];
  const docker = { listContainers: async () => [{ Id: "c0ffee" }] } as unknown as Docker;
  const manager = fakeHost("manager", { docker, answers: [["", JSON.stringify(answer)]] });
  const { run } = manager;
  manager.run = (argv, options) => {
    inputs.push(JSON.parse(String(options?.input)) as Record<string, unknown>);
    return run(argv, options);
  };
  const printed: string[] = [];
  const terminal = { print: (text: string) => void printed.push(text) };
  return { cluster: fakeCluster(manager), manager, inputs, printed, terminal };
};

const sentences = ["The class geo-101 is closed.", "Servers that still run are stopped."];

test("close tells the hub both times and the time zone, and prints what people read", async (t) => {
  const { cluster, manager, inputs, printed, terminal } = classWith({
    ok: true,
    sentences,
    servers: 2,
  });
  const until = { text: "2126-12-01T09:00:00+01:00", zone: "Europe/Berlin" };
  await closeClass(cluster, { stopAfter: 600_000, until, json: false }, terminal);
  t.like(inputs[0], { until: until.text, stopAfter: 600 });
  t.regex(String(inputs[0]?.["now"]), /[+-]\d\d:\d\d$/);
  t.regex(manager.asked[0] ?? "", /^run docker exec -i c0ffee python3 .*operator_api close$/);
  t.deepEqual(printed, [
    sentences.join(" "),
    "2 servers of students still run. To open the class again, type: swarmhub reopen",
  ]);
});

test("close without times leaves servers alone and closes until reopen", async (t) => {
  const { cluster, inputs, printed, terminal } = classWith({
    ok: true,
    sentences: sentences.slice(0, 1),
    servers: null,
  });
  await closeClass(cluster, { json: true }, terminal);
  t.like(inputs[0], { until: null, stopAfter: null });
  t.deepEqual(JSON.parse(printed[0] ?? ""), {
    closed: true,
    sentences: sentences.slice(0, 1),
    servers: null,
  });
});

test("close says why the hub refuses", async (t) => {
  for (const [why, hint] of [
    ["the clock of the manager shows 2026-12-01 09:00 UTC", /swarmhub check$/],
    ["servers can be stopped at once, or within a week", /swarmhub close --stop-after 10m$/],
  ] as const) {
    const { cluster, terminal } = classWith({ ok: false, why });
    const error = await userError(closeClass(cluster, { json: false }, terminal));
    t.is(error.message, `manager: the class is not closed: ${why}`);
    t.regex(error.hint ?? "", hint);
  }
});

test("reopen says whether the class was closed", async (t) => {
  for (const [wasClosed, text] of [
    [true, "geo-101 is open again"],
    [false, "geo-101 was not closed"],
  ] as const) {
    const { cluster, printed, terminal } = classWith({ ok: true, wasClosed });
    await reopenClass(cluster, { json: false }, terminal);
    t.deepEqual(printed, [text]);
  }
});
