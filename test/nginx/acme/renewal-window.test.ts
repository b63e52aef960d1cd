import { execFileSync } from "node:child_process";
import test from "ava";
import { renewalName, renewalTime } from "../../../nginx/acme/renewal-window.js";
import { makeAuthority } from "../support/signing.js";

const day = (count: number): Date => new Date(Date.UTC(2026, 0, 1) + count * 86_400_000);
const lasting = (days: number) => ({
  validFrom: day(0).toUTCString(),
  validTo: day(days).toUTCString(),
});
const window = (start: number, end: number) => ({ start: day(start), end: day(end) });

test("without a window it is renewed when a third of its lifetime is left", (t) => {
  t.deepEqual(renewalTime(lasting(90), undefined, 0.9), day(60));
  t.deepEqual(renewalTime(lasting(6), undefined, 0), day(4));
});

test("with a window it is renewed at a random time in the first half of it", (t) => {
  t.deepEqual(renewalTime(lasting(90), window(60, 64), 0), day(60));
  t.deepEqual(renewalTime(lasting(90), window(60, 64), 0.5), day(61));
  t.deepEqual(renewalTime(lasting(90), window(60, 64), 1), day(62));
});

test("a window before half the lifetime is followed: the authority revokes the certificate", (t) => {
  t.deepEqual(renewalTime(lasting(90), window(3, 4), 0.5), day(4));
  t.deepEqual(renewalTime(lasting(90), window(-2, -1), 0.5), day(-1));
});

test("a window that is longer than the lifetime does not renew it forever", (t) => {
  t.deepEqual(renewalTime(lasting(2), window(-20, 30), 0), day(1));
  t.deepEqual(renewalTime(lasting(2), window(-20, 30), 1), day(1.5));
});

test("its name in renewal information is the authority's key and its serial, in DER encoding", (t) => {
  const { sign } = makeAuthority();
  // About half of the serials start with a bit of 1.
  for (let count = 0; count < 6; count += 1) {
    const { pair, certificate } = sign(["geo.example.org"]);
    const [key = "", serial = "", more] = renewalName(pair.leaf)?.split(".") ?? [];
    t.is(more, undefined);
    const output = execFileSync(
      "openssl",
      ["x509", "-noout", "-serial", "-ext", "authorityKeyIdentifier"],
      { input: certificate },
    ).toString();
    const hex = (text: string) => Buffer.from(text, "base64url").toString("hex").toUpperCase();
    t.true(output.replaceAll(":", "").includes(hex(key)), output);
    const [, theirs = ""] = /serial=(\w+)/.exec(output) ?? [];
    t.is(hex(serial), /^[89A-F]/.test(theirs) ? `00${theirs}` : theirs);
  }
});
