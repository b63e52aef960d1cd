import test from "ava";
import { hostsFromArguments } from "../../../src/commands/shared/hosts-argument.js";
import { exitCode } from "../../../src/errors.js";
import { planError } from "../../support/class-of.js";

const workers = [{ destination: "debian@w1", address: "10.0.0.1" }, { destination: "w2" }];
const hostsFrom = (words: readonly string[], address?: string) =>
  hostsFromArguments(words, address, { workers });

test("each machine is listed once, spelled as in the configuration", (t) => {
  t.deepEqual(hostsFrom(["new", "root@new", "w1", "w2"]), [
    { destination: "root@new" },
    { destination: "debian@w1", address: "10.0.0.1" },
    { destination: "w2" },
  ]);
});

test("an address belongs to a single machine", (t) => {
  t.deepEqual(hostsFrom(["new"], "10.0.0.9"), [{ destination: "new", address: "10.0.0.9" }]);
  t.is(planError(t, () => hostsFrom(["a", "b"], "10.0.0.9")).code, exitCode.usage);
});

test("an invalid machine is refused without control characters in the message", (t) => {
  for (const word of ["-oProxyCommand=x", "a b", "", "a@b@c d", "\u001b[31m"]) {
    const { message, code } = planError(t, () => hostsFrom([word]));
    t.is(code, exitCode.usage, word);
    t.notRegex(message, /\u001b/);
  }
  t.regex(planError(t, () => hostsFrom(["new"], "10.0.0")).message, /four numbers/);
});
