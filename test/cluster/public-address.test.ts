import test from "ava";
import { publicName, safariSentence, shownName } from "../../src/cluster/public-address.js";
import type { Config } from "../../src/config/types.js";
import { fakeConfig } from "../support/fakes.js";

test("only with a self-signed certificate there is a sentence about iPads", (t) => {
  t.regex(safariSentence(fakeConfig()) ?? "", /every iPad .* `tls: letsencrypt`$/);
  for (const tls of [
    { kind: "off" },
    { kind: "letsencrypt", email: "a@example.org" },
  ] as unknown as Config["tls"][])
    t.is(safariSentence(fakeConfig({ tls })), undefined);
});

for (const [destination, name] of [
  ["debian@203.0.113.10", "203.0.113.10"],
  ["ssh://debian@203.0.113.10:2222", "203.0.113.10"],
  ["local", "10.0.0.5"],
  ["geo", "10.0.0.5"],
  ["debian@geo", "10.0.0.5"],
  ["debian@vm.example.org", "10.0.0.5"],
  ["root@127.0.0.1", "10.0.0.5"],
  ["ssh://root@[2001:db8::1]:22", "10.0.0.5"],
] as const)
  test(`a manager reached as ${destination} is opened at ${name}`, (t) => {
    t.is(publicName({ destination }, "10.0.0.5"), name);
  });

for (const [destination, reachedAt, name] of [
  ["geo", "203.0.113.10", "203.0.113.10"],
  ["debian@vm.example.org", "203.0.113.10", "203.0.113.10"],
  ["debian@203.0.113.10", "203.0.113.10", "203.0.113.10"],
  ["box", "127.0.0.1", "10.0.0.5"],
  ["box", "2001:db8::1", "10.0.0.5"],
  ["behind-a-jump-host", undefined, "10.0.0.5"],
  ["local", undefined, "10.0.0.5"],
] as const)
  test(`a manager ${destination} that is reached at ${reachedAt} is shown at ${name}`, (t) => {
    t.is(shownName({ destination }, "10.0.0.5", reachedAt), name);
  });
