import { execFileSync } from "node:child_process";
import test from "ava";
import { missingNames, pairFrom } from "../../nginx/certificate-pair.js";
import { makeAuthority } from "./support/signing.js";

const { sign } = makeAuthority();
const one = sign(["geo.example.org", "*.labs.example.org"]);
const two = sign(["other.example.org"]);

test("certificate, chain and key are read whatever stands around them", (t) => {
  const { leaf, pem } = pairFrom(
    `words\r\n${one.certificate}Bag Attributes\n${one.intermediate}\n${one.key}`,
  );
  t.is(leaf.serialNumber, one.pair.leaf.serialNumber);
  t.is(pem.match(/BEGIN CERTIFICATE/g)?.length, 2);
  t.deepEqual(missingNames({ leaf, pem }, ["geo.example.org", "a.labs.example.org"]), []);
  t.deepEqual(missingNames({ leaf, pem }, ["example.org"]), ["example.org"]);
});

test("what is wrong with a pair is said in words", (t) => {
  const encrypted = execFileSync("openssl", ["pkey", "-aes256", "-passout", "pass:secret"], {
    input: one.key,
  }).toString();
  const wrong: [string, RegExp][] = [
    ["", /there is no certificate in it/],
    [one.certificate, /there is no key in it/],
    [one.certificate + encrypted, /its key asks for a passphrase/],
    [one.certificate + two.key, /the key belongs to another certificate/],
    [one.intermediate + one.certificate + one.key, /the server's own certificate comes first/],
    [one.certificate + two.certificate + one.key, /certificate 2 of 2 did not issue the one/],
    [one.certificate.replace(/\n.{20}/, "\nAAAA") + one.key, /it could not be read/],
    [one.certificate + one.key.replace(/\n.{20}/, "\nAAAA"), /its key could not be read/],
  ];
  for (const [text, message] of wrong) t.throws(() => pairFrom(text), { message });
});
