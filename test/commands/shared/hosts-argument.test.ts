import test from "ava";
import { hostsFromArguments } from "../../../src/commands/shared/hosts-argument.js";
import { exitCode } from "../../../src/errors.js";
import { refusal } from "../../support/class-of.js";

const workers = [{ destination: "debian@w1", address: "10.0.0.1" }, { destination: "w2" }];
const meant = (words: readonly string[], address?: string) =>
  hostsFromArguments(words, address, { workers });

test("a machine is meant once, and as the configuration spells it", (t) => {
  t.deepEqual(meant(["new", "root@new", "w1", "w2"]), [
    { destination: "root@new" },
    { destination: "debian@w1", address: "10.0.0.1" },
    { destination: "w2" },
  ]);
});

test("an address goes with its one machine", (t) => {
  t.deepEqual(meant(["new"], "10.0.0.9"), [{ destination: "new", address: "10.0.0.9" }]);
  t.is(refusal(t, () => meant(["a", "b"], "10.0.0.9")).code, exitCode.usage);
});

test("what is no machine is refused in a sentence that can do nothing to a terminal", (t) => {
  for (const word of ["-oProxyCommand=x", "a b", "", "a@b@c d", "\u001b[31m"]) {
    const { message, code } = refusal(t, () => meant([word]));
    t.is(code, exitCode.usage, word);
    t.notRegex(message, /\u001b/);
  }
  t.regex(refusal(t, () => meant(["new"], "10.0.0")).message, /four numbers/);
});
