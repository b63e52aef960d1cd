import test from "ava";
import { announce, announceIn } from "../../src/commands/announce.js";
import type { Docker } from "../../src/docker/client.js";
import { exitCode } from "../../src/errors.js";
import { fakeCluster, fakeHost, userError } from "../support/fakes.js";

/** A class whose hub answers this; `inputs` is what each command sent to it. */
const classWith = (answer: object) => {
  const inputs: unknown[] = [];
  const docker = { listContainers: async () => [{ Id: "c0ffee" }] } as unknown as Docker;
  const manager = fakeHost("manager", { docker, answers: [["", JSON.stringify(answer)]] });
  const { run } = manager;
  manager.run = (argv, options) => {
    inputs.push(JSON.parse(String(options?.input)));
    return run(argv, options);
  };
  const printed: string[] = [];
  const terminal = { print: (text: string) => void printed.push(text) };
  return { cluster: fakeCluster(manager), manager, inputs, printed, terminal };
};

const said = { text: "Break\u001b[31m\nuntil 11:30", since: 1, until: null };

test("announce sends text and time through stdin, and prints what everybody reads", async (t) => {
  const { cluster, manager, inputs, printed, terminal } = classWith({
    ok: true,
    was: false,
    announcement: { ...said, until: new Date(2126, 0, 31, 9, 5).getTime() / 1000 },
  });
  const until = { text: "2126-01-31T09:05:00+01:00", zone: "Europe/Berlin" };
  await announceIn(cluster, { text: "Break", until, withdraw: false, json: false }, terminal);
  t.deepEqual(inputs, [{ text: "Break", until: until.text, withdraw: false }]);
  t.regex(manager.asked[0] ?? "", /^run docker exec -i c0ffee python3 .*services\.announce$/);
  t.is(printed[0], "everybody reads until 31/01/2126 09:05:");
  t.deepEqual(printed.slice(2), ["  until 11:30"]);
  t.false(printed[1]?.includes("\u001b"));
});

test("announce without a text shows what is announced, and --withdraw takes it back", async (t) => {
  for (const [answer, withdraw, text] of [
    [{ ok: true, announcement: said }, false, "announced:"],
    [{ ok: true, announcement: null }, false, "nothing is announced"],
    [{ ok: true, was: true }, true, "the announcement is withdrawn"],
    [{ ok: true, was: false }, true, "there was no announcement to withdraw"],
  ] as const) {
    const { cluster, printed, terminal } = classWith(answer);
    await announceIn(cluster, { withdraw, json: false }, terminal);
    t.is(printed[0], text);
  }
});

test("announce as JSON", async (t) => {
  const { cluster, printed, terminal } = classWith({ ok: true, was: true, announcement: said });
  await announceIn(cluster, { withdraw: false, json: true }, terminal);
  t.deepEqual(JSON.parse(printed[0] ?? ""), { announcement: said, was: true });
});

test("announce says why the hub refuses, and refuses options that contradict each other", async (t) => {
  const { cluster, terminal } = classWith({ ok: false, why: "The announcement is too long." });
  const error = await userError(
    announceIn(cluster, { text: "x", withdraw: false, json: false }, terminal),
  );
  t.is(error.message, "manager: nothing is announced: The announcement is too long.");
  const until = { text: "2126-01-31T09:05:00+01:00", zone: "Europe/Berlin" };
  for (const options of [
    { withdraw: true, text: "x" },
    { withdraw: true, until },
    { withdraw: false, until },
  ]) {
    const refused = t.throws(() => announce(options as never, terminal as never));
    t.is((refused as unknown as { code: number }).code, exitCode.usage);
  }
});
