import test from "ava";
import { UnreachableError } from "../../src/errors.js";
import { connectWhenBooted } from "../../src/host/connect.js";
import { fakeHost, userError } from "../support/fakes.js";

const booting = () => new UnreachableError("box", "it refuses the connection", "ssh box", true);
const host = fakeHost("box");

const arrive = (answers: readonly (Error | typeof host)[], wait = 60_000, signal?: AbortSignal) => {
  const said: string[] = [];
  let tries = 0;
  const connect = async () => {
    const answer = answers[Math.min(tries, answers.length - 1)];
    tries += 1;
    if (answer instanceof Error) throw answer;
    return answer!;
  };
  const progress = (text: string) => void said.push(text);
  const patience = { wait, every: 1, ...(signal !== undefined && { signal }) };
  return {
    arrival: connectWhenBooted("box", connect, progress, patience),
    said,
    tries: () => tries,
  };
};

test("a machine that still boots is waited for, and told why", async (t) => {
  const { arrival, said } = arrive([booting(), booting(), host]);
  t.is(await arrival, host);
  t.deepEqual(said, ["it refuses the connection", "it refuses the connection"]);
});

test("at the deadline the last refusal is the error", async (t) => {
  const { arrival } = arrive([booting()], 0);
  t.is((await userError(arrival)).message, "box: it refuses the connection");
});

test("what does not pass by itself is not waited for", async (t) => {
  const { arrival, tries } = arrive([new UnreachableError("box", "a changed key", "ssh-keygen")]);
  t.is((await userError(arrival)).message, "box: a changed key");
  t.is(tries(), 1);
});

test("an interruption ends the waiting", async (t) => {
  const { arrival, tries } = arrive([booting()], 5000, AbortSignal.abort());
  await userError(arrival);
  t.is(tries(), 1);
});
