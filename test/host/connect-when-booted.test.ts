import test from "ava";
import { UnreachableError } from "../../src/errors.js";
import { connectWhenBooted } from "../../src/host/connect.js";
import { fakeHost, userError } from "../support/fakes.js";

const booting = () => new UnreachableError("box", "it refused the connection", "ssh box", true);
const host = fakeHost("box");

const connectTo = (
  answers: readonly (Error | typeof host)[],
  deadline = 60_000,
  signal?: AbortSignal,
) => {
  const reasons: string[] = [];
  let tries = 0;
  const connect = async () => {
    const answer = answers[Math.min(tries, answers.length - 1)];
    tries += 1;
    if (answer instanceof Error) throw answer;
    return answer!;
  };
  const progress = (text: string) => void reasons.push(text);
  const options = { wait: deadline, every: 1, ...(signal !== undefined && { signal }) };
  return {
    connecting: connectWhenBooted("box", connect, progress, options),
    reasons,
    tries: () => tries,
  };
};

test("a machine that is still booting is waited for, and the reason is shown", async (t) => {
  const { connecting, reasons } = connectTo([booting(), booting(), host]);
  t.is(await connecting, host);
  t.deepEqual(reasons, ["it refused the connection", "it refused the connection"]);
});

test("at the deadline the last error is thrown", async (t) => {
  const { connecting } = connectTo([booting()], 0);
  t.is((await userError(connecting)).message, "box: it refused the connection");
});

test("an error that does not pass by itself is thrown at once", async (t) => {
  const { connecting, tries } = connectTo([
    new UnreachableError("box", "a changed key", "ssh-keygen"),
  ]);
  t.is((await userError(connecting)).message, "box: a changed key");
  t.is(tries(), 1);
});

test("an interruption ends the wait", async (t) => {
  const { connecting, tries } = connectTo([booting()], 5000, AbortSignal.abort());
  await userError(connecting);
  t.is(tries(), 1);
});
