import test from "ava";
import type { Docker } from "../../../src/docker/client.js";
import { waitUntilWatching } from "../../../src/pieces/quota/watching.js";
import { fakeHost, userError } from "../../support/fakes.js";

/** Waits for a watcher with these statuses, one at each look and then the last; `log` is that of its container. */
const wait = async (
  statuses: readonly string[],
  { log = "", restarts = 0, problem = 100, patience = 60_000 } = {},
) => {
  let looks = 0;
  const docker = { getContainer: () => ({ inspect: async () => ({ RestartCount: restarts }) }) };
  const host = fakeHost("node1", {
    docker: docker as unknown as Docker,
    answers: [
      ["cat /srv/swarmhub/watcher.json", () => statuses[looks++] ?? statuses.at(-1) ?? ""],
      ["docker logs", log],
    ],
  });
  await waitUntilWatching(host, "geo-101", { problem, patience });
  return looks;
};
const message = async (waiting: Promise<unknown>): Promise<string> =>
  (await userError(waiting)).message.replace("node1: the quota watcher does not work: ", "");

test("a watcher that starts slowly is waited for as long as it runs, and one with a problem for a while", async (t) => {
  t.is(await wait(["", "", "", '{"homes": 0}']), 4);
  t.is(await wait(['{"problem": "no disk"}', '{"homes": 0}'], { problem: 60_000 }), 2);
});

test("a watcher that does not work has its problem, or else its log, in the error", async (t) => {
  t.is(await message(wait(['{"problem": "no disk"}'])), "no disk");
  const log = "xfs_quota: cannot find mount point\n";
  t.is(await message(wait([""], { restarts: 3, log })), log.trim());
  t.is(await message(wait([""], { patience: 0, log })), log.trim());
  const crashed = await message(wait([""], { restarts: 3 }));
  t.is(crashed, "it has ended 3 times, without a word");
});

test("one that runs without a status and without a log is said to run", async (t) => {
  const said = await message(wait([""], { patience: 500 }));
  t.is(said, "it runs, but has not looked at the homes for 0.5 s");
});
