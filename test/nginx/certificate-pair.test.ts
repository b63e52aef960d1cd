import { execFileSync } from "node:child_process";
import test from "ava";
import { missingNames, pairFrom } from "../../nginx/certificate-pair.js";
import { makeAuthority } from "./support/signing.js";

const { sign } = makeAuthority();
const one = sign(["geo.example.org", "*.labs.example.org"]);
const two = sign(["other.example.org"]);

test("certificate, chain and key are read whatever surrounds them", (t) => {
  const { leaf, pem } = pairFrom(
    `text\r\n${one.certificate}Bag Attributes\n${one.intermediate}\n${one.key}`,
  );
  t.is(leaf.serialNumber, one.pair.leaf.serialNumber);
  t.is(pem.match(/BEGIN CERTIFICATE/g)?.length, 2);
  t.deepEqual(missingNames({ leaf, pem }, ["geo.example.org", "a.labs.example.org"]), []);
  t.deepEqual(missingNames({ leaf, pem }, ["example.org"]), ["example.org"]);
});

test("an invalid pair is refused with the reason", (t) => {
  const encrypted = execFileSync("openssl", ["pkey", "-aes256", "-passout", "pass:secret"], {
    input: one.key,
  }).toString();
  const invalid: [string, RegExp][] = [
    ["", /there is no certificate in the file/],
    [one.certificate, /there is no private key in the file/],
    [one.certificate + encrypted, /the private key has a passphrase/],
    [one.certificate + two.key, /the private key belongs to another certificate/],
    [one.intermediate + one.certificate + one.key, /the server's own certificate must come first/],
    [one.certificate + two.certificate + one.key, /certificate 2 of 2 did not issue the one/],
    [one.certificate.replace(/\n.{20}/, "\nAAAA") + one.key, /a certificate cannot be parsed/],
    [one.certificate + one.key.replace(/\n.{20}/, "\nAAAA"), /the private key cannot be parsed/],
  ];
  for (const [text, message] of invalid) t.throws(() => pairFrom(text), { message });
});
