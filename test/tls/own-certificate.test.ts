import { execFileSync } from "node:child_process";
import test from "ava";
import { adviceOf } from "../../src/errors.js";
import { OwnFileError, checkOwn } from "../../src/tls/own-certificate.js";
import { type Pair, certificateOf } from "./support/certificates.js";

const name = "geo.example.org";
const root = certificateOf({ name: "Root", authority: true, days: 3650 });
const middle = certificateOf({ name: "Middle", authority: true, issuer: root, days: 365 });
const site = certificateOf({ name, issuer: middle, sans: `DNS:${name},DNS:*.lab.example.org` });
const stranger = certificateOf({ name: "Stranger", authority: true });
const alone = certificateOf({ name });
const numbered = certificateOf({ name: "number", sans: "IP:203.0.113.10" });

const chain = (...pairs: Pair[]): string => pairs.map(({ certificate }) => certificate).join("");
const day = 24 * 60 * 60 * 1000;
const check = (
  certificate: string,
  {
    key = site.key,
    names = [name],
    inDays = 1,
  }: { key?: string; names?: string[]; inDays?: number } = {},
) => checkOwn({ certificate, key, names, now: new Date(Date.now() + inDays * day) });

test("a certificate with its chain is accepted, with the root or without", (t) => {
  for (const pem of [chain(site, middle), chain(site, middle, root)]) {
    const { serial, warnings } = check(pem);
    t.regex(serial, /^[0-9A-F]+$/);
    t.deepEqual(warnings, []);
  }
});

test("text around the certificates in a file does not matter", (t) => {
  t.notThrows(() =>
    check(`subject=CN=x\r\n${chain(site, middle).replaceAll("\n", "\r\n")}\n# end`),
  );
});

test("a wildcard covers names, and addresses can be covered too", (t) => {
  t.notThrows(() => check(chain(site, middle), { names: [name, "a.lab.example.org"] }));
  const options = { key: numbered.key, names: ["203.0.113.10"] };
  t.deepEqual(check(numbered.certificate, options).warnings, []);
});

test("subdomains need a certificate that covers all of them", (t) => {
  const names = [name, `*.${name}`];
  const both = certificateOf({ name, issuer: middle, sans: `DNS:${name},DNS:*.${name}` });
  t.notThrows(() => check(chain(both, middle), { key: both.key, names }));
  const error = t.throws(() => check(chain(site, middle), { names }), { instanceOf: OwnFileError });
  t.regex(error.message, /but not \*\.geo\.example\.org/);
  t.regex(adviceOf(error), /request a certificate for geo\.example\.org and \*\.geo\.example\.org/);
});

test("there is a warning for a certificate that expires soon, or that has no chain", (t) => {
  t.regex(
    check(chain(site, middle), { inDays: 80 }).warnings[0] ?? "",
    /expires in 9 days .*newer/,
  );
  t.deepEqual(check(chain(site, middle), { inDays: 70 }).warnings, []);
  t.regex(check(chain(site)).warnings[0] ?? "", /no chain: browsers that do not know Middle/);
});

const encrypted = execFileSync("openssl", ["pkey", "-aes128", "-passout", "pass:secret"], {
  input: site.key,
  encoding: "utf8",
});
const weak = certificateOf({ name, rsaBits: 1024 });
const mail = certificateOf({ name, usage: "emailProtection" });
const bare = certificateOf({ name, sans: "email:a@example.org" });

for (const [fault, file, expected, run] of [
  [
    "the wrong order, with the right one",
    "certificate",
    /wrong order: Middle, geo.example.org; the right order is geo.example.org, Middle: the site's own first/,
    () => check(chain(middle, site)),
  ],
  [
    "an order with the root first",
    "certificate",
    /the right order is geo.example.org, Middle, Root/,
    () => check(chain(root, site, middle)),
  ],
  [
    "a stranger in the chain",
    "certificate",
    /Stranger is not part of the chain; keep only geo.example.org, Middle,/,
    () => check(chain(site, stranger, middle)),
  ],
  [
    "another certificate's key",
    "certificate",
    /the key does not match any of the 2 certificates/,
    () => check(chain(site, middle), { key: alone.key }),
  ],
  [
    "a key where the certificate should be",
    "certificate",
    /has a private key .* swap the two/,
    () => check(site.key),
  ],
  [
    "a certificate where the key should be",
    "key",
    /has a certificate .* swap the two/,
    () => check(chain(site), { key: site.certificate }),
  ],
  ["a binary certificate", "certificate", /openssl x509 -inform DER/, () => check("0\u0082\u0003")],
  [
    "a broken certificate",
    "certificate",
    /certificate 2 of 2 in the file cannot be parsed/,
    () =>
      check(`${site.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`),
  ],
  ["a PKCS #7 file", "certificate", /openssl pkcs7/, () => check("-----BEGIN PKCS7-----\n")],
  [
    "a key with a passphrase",
    "key",
    /the key has a passphrase.*openssl pkey/,
    () => check(chain(site), { key: encrypted }),
  ],
  [
    "a broken key",
    "key",
    /the key cannot be parsed/,
    () =>
      check(chain(site), { key: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" }),
  ],
  ["no key at all", "key", /no -----BEGIN PRIVATE KEY-----/, () => check(chain(site), { key: "" })],
  [
    "another name",
    "certificate",
    /the certificate covers geo.example.org, \*.lab.example.org, but not www.example.org; request a certificate/,
    () => check(chain(site, middle), { names: [name, "www.example.org"] }),
  ],
  [
    "a class without a domain",
    "certificate",
    /but not 203.0.113.10; write domain: geo.example.org/,
    () => check(chain(site, middle), { names: ["203.0.113.10"] }),
  ],
  [
    "no name that browsers read",
    "certificate",
    /covers no name, but not geo.example.org/,
    () => check(bare.certificate, { key: bare.key }),
  ],
  [
    "an expired certificate",
    "certificate",
    /geo.example.org expired on 20.*; replace it with a newer one/,
    () => check(chain(site, middle), { inDays: 91 }),
  ],
  [
    "one that is not valid yet",
    "certificate",
    /is not valid before .*clock/,
    () => check(alone.certificate, { key: alone.key, inDays: -1 }),
  ],
  [
    "one for mail",
    "certificate",
    /not for servers/,
    () => check(mail.certificate, { key: mail.key }),
  ],
  [
    "a key that is too short",
    "certificate",
    /1024 bits/,
    () => check(weak.certificate, { key: weak.key }),
  ],
] as const)
  test(`refused: ${fault}`, (t) => {
    const error = t.throws(run, { instanceOf: OwnFileError });
    t.is(error.file, file);
    t.regex(adviceOf(error), expected);
    t.notRegex(error.message, /AAAA|MIG/);
  });
