import test from "ava";
import { type EdgeStatus, statusFrom } from "../../contracts/edge-status.js";

const status: EdgeStatus = {
  at: new Date("2026-11-21T12:00:00Z"),
  kind: "acme",
  wanted: "acme",
  names: ["geo.example.org"],
  issuer: "Let's Encrypt R11",
  serial: "0A",
  notBefore: new Date("2026-11-01T00:00:00Z"),
  notAfter: new Date("2027-01-30T00:00:00Z"),
  directory: "https://acme-v02.api.letsencrypt.org/directory",
  target: "geo.example.org",
  nextAttempt: new Date("2026-11-22T03:17:00Z"),
  attempt: {
    at: new Date("2026-11-21T11:55:00Z"),
    outcome: "failed",
    failures: 3,
    countedAt: new Date("2026-11-21T11:50:00Z"),
    error: "geo.example.org is not in the DNS",
    hint: "create its A record",
    detail: "ENOTFOUND\ngeo.example.org",
  },
  history: [{ at: new Date("2026-11-21T11:55:00Z"), outcome: "failed", error: "no" }],
};
const { at, kind, wanted, names, issuer, serial } = status;
const required = { at, kind, wanted, names, issuer, serial };
const read = (value: unknown) => statusFrom(JSON.stringify(value));

test("what is written is read back, with dates as dates", (t) => {
  t.deepEqual(read(status), status);
});

test("an older file, without what was added since, is read", (t) => {
  const missing = { notBefore: null, notAfter: null, directory: null, target: null };
  t.deepEqual(read(required), {
    ...required,
    ...missing,
    nextAttempt: null,
    attempt: null,
    history: [],
  });
  const attempt = { at, outcome: "failed", failures: 1 };
  t.deepEqual(read({ ...required, attempt })?.attempt, {
    at,
    outcome: "failed",
    failures: 1,
    error: null,
    hint: null,
    detail: null,
  });
});

test("optional values that make no sense are null, and the rest is read", (t) => {
  const nonsense = { notBefore: "", nextAttempt: "soon", target: 1, attempt: "none", history: {} };
  const found = read({ ...status, ...nonsense });
  t.like(found, { notBefore: null, nextAttempt: null, target: null, attempt: null, history: [] });
  t.is(found?.serial, "0A");
});

test("what is not a status is undefined", (t) => {
  for (const text of [undefined, "", "{", "null", "[]", "{}"]) t.is(statusFrom(text), undefined);
  t.is(read({ ...status, kind: "gold" }), undefined);
  t.is(read({ ...status, at: "soon" }), undefined);
});

test("texts are passed through the given function, with their key", (t) => {
  const found = statusFrom(JSON.stringify(status), (text, key) =>
    key === "issuer" ? text.toUpperCase() : text,
  );
  t.is(found?.issuer, "LET'S ENCRYPT R11");
  t.is(found?.serial, "0A");
});
