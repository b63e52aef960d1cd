import test from "ava";
import { safariSentence } from "../../src/cluster/public-address.js";
import { openIn } from "../../src/commands/open.js";
import { fakeCluster, fakeConfig, fakeFacts, fakeHost, fakeReport } from "../support/fakes.js";

/** What `open` prints and notes for a class with these settings. */
const opened = async (changes: Parameters<typeof fakeConfig>[0], json = false) => {
  const config = fakeConfig(changes);
  const printed: string[] = [];
  const report = fakeReport();
  const cluster = fakeCluster(fakeHost("manager", { facts: fakeFacts() }), [], { config });
  await openIn(
    cluster,
    { passwords: false, json },
    { print: (text) => void printed.push(text), report },
  );
  return { config, printed, events: report.events };
};

test("`open` says beside the address that iPads need a real certificate, and not on stdout", async (t) => {
  const { config, printed, events } = await opened({});
  const text = safariSentence(config);
  t.regex(text ?? "", /iPad/);
  t.deepEqual(events, [{ type: "note", text }]);
  t.is(printed.length, 1);
  t.regex(printed[0] ?? "", /^https:\/\//);
});

test("`open` says nothing about iPads with a certificate that they accept, and nothing but JSON with --json", async (t) => {
  const real = { domain: "geo.example.org", tls: { kind: "letsencrypt" } } as never;
  t.deepEqual((await opened(real)).events, []);
  const { printed, events } = await opened({}, true);
  t.deepEqual(events, []);
  t.deepEqual(Object.keys(JSON.parse(printed[0] ?? "") as object), ["address", "passwords"]);
});

test("only with a self-signed certificate there is a sentence about iPads", (t) => {
  t.regex(safariSentence(fakeConfig()) ?? "", /every iPad .* `tls: letsencrypt`$/);
  for (const kind of ["off", "letsencrypt"])
    t.is(safariSentence(fakeConfig({ tls: { kind } as never })), undefined);
});
