import test from "ava";
import { certificateStatusFrom } from "../../src/tls/status.js";
import { failed, says, statusText } from "./support/assert-problem.js";

test("what the edge wrote is read, with its times as such", (t) => {
  const status = says({ attempt: failed });
  t.is(status.notAfter?.toISOString(), "2027-01-30T00:00:00.000Z");
  t.is(status.attempt?.failures, 3);
  t.is(says().attempt, null);
});

test("without TLS there is no time, and none is asked for", (t) => {
  const off = says({ kind: "off", wanted: "off", names: [], notBefore: "", notAfter: null });
  t.is(off.notBefore, null);
  t.is(off.notAfter, null);
});

test("what makes no sense is as good as nothing", (t) => {
  for (const text of [undefined, "", "{", "null", "[]", statusText({ kind: "gold" })])
    t.is(certificateStatusFrom(text), undefined);
});

test("nothing of it can do anything to a terminal", (t) => {
  const bad = "a\u001b[31m\u0007\nb\u202e";
  const attempt = { ...failed, error: bad, hint: bad };
  const status = says({ issuer: bad, names: [bad], serial: bad, directory: bad, attempt });
  const { issuer, names, serial, directory } = status;
  for (const text of [issuer, ...names, serial, directory, status.attempt?.error])
    t.regex(text ?? "", /^a b$/);
  t.is(says({ issuer: "x".repeat(10_000) }).issuer.length, 500);
});
