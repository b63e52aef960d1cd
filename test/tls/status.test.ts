import test from "ava";
import { certificateStatusFrom } from "../../src/tls/status.js";
import { failed, parsedStatus, statusText } from "./support/assert-problem.js";

test("status.json of the edge is read, with its times as dates", (t) => {
  const status = parsedStatus({ attempt: failed });
  t.is(status.notAfter?.toISOString(), "2027-01-30T00:00:00.000Z");
  t.is(status.attempt?.failures, 3);
  t.is(parsedStatus().attempt, null);
});

test("without TLS there are no dates", (t) => {
  const off = parsedStatus({
    kind: "off",
    wanted: "off",
    names: [],
    notBefore: "",
    notAfter: null,
  });
  t.is(off.notBefore, null);
  t.is(off.notAfter, null);
});

test("an invalid file is as good as none", (t) => {
  for (const text of [undefined, "", "{", "null", "[]", statusText({ kind: "gold" })])
    t.is(certificateStatusFrom(text), undefined);
});

test("no text of it can control a terminal", (t) => {
  const bad = "a\u001b[31m\u0007\nb\u202e";
  const attempt = { ...failed, error: bad, hint: bad };
  const status = parsedStatus({ issuer: bad, names: [bad], serial: bad, directory: bad, attempt });
  const { issuer, names, serial, directory } = status;
  for (const text of [issuer, ...names, serial, directory, status.attempt?.error])
    t.regex(text ?? "", /^a b$/);
  t.is(parsedStatus({ issuer: "x".repeat(10_000) }).issuer.length, 500);
});
