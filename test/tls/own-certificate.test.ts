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
const look = (
  certificate: string,
  {
    key = site.key,
    names = [name],
    inDays = 1,
  }: { key?: string; names?: string[]; inDays?: number } = {},
) => checkOwn({ certificate, key, names, now: new Date(Date.now() + inDays * day) });

test("a certificate with its chain will do, with the root or without", (t) => {
  for (const pem of [chain(site, middle), chain(site, middle, root)]) {
    const { serial, warnings } = look(pem);
    t.regex(serial, /^[0-9A-F]+$/);
    t.deepEqual(warnings, []);
  }
});

test("what stands around the certificates in a file does not matter", (t) => {
  t.notThrows(() => look(`subject=CN=x\r\n${chain(site, middle).replaceAll("\n", "\r\n")}\n# end`));
});

test("names may come by a wildcard, and addresses as such", (t) => {
  t.notThrows(() => look(chain(site, middle), { names: [name, "a.lab.example.org"] }));
  const given = { key: numbered.key, names: ["203.0.113.10"] };
  t.deepEqual(look(numbered.certificate, given).warnings, []);
});

test("a certificate that ends soon, or that has no chain, is warned of", (t) => {
  t.regex(look(chain(site, middle), { inDays: 80 }).warnings[0] ?? "", /ends in 9 days .*newer/);
  t.deepEqual(look(chain(site, middle), { inDays: 70 }).warnings, []);
  t.regex(look(chain(site)).warnings[0] ?? "", /no chain: browsers that do not know Middle/);
});

const encrypted = execFileSync("openssl", ["pkey", "-aes128", "-passout", "pass:secret"], {
  input: site.key,
  encoding: "utf8",
});
const weak = certificateOf({ name, rsaBits: 1024 });
const mail = certificateOf({ name, usage: "emailProtection" });
const bare = certificateOf({ name, sans: "email:a@example.org" });

for (const [what, file, expected, run] of [
  [
    "the wrong order, with the right one",
    "certificate",
    /wrong order: Middle, geo.example.org; the right one is geo.example.org, Middle: the site's own first/,
    () => look(chain(middle, site)),
  ],
  [
    "an order with the root first",
    "certificate",
    /the right one is geo.example.org, Middle, Root/,
    () => look(chain(root, site, middle)),
  ],
  [
    "a stranger in the chain",
    "certificate",
    /Stranger is no part of its chain; leave only geo.example.org, Middle,/,
    () => look(chain(site, stranger, middle)),
  ],
  [
    "another certificate's key",
    "certificate",
    /the key belongs to none of the 2/,
    () => look(chain(site, middle), { key: alone.key }),
  ],
  [
    "a key where the certificate should be",
    "certificate",
    /holds a private key .* exchange the two/,
    () => look(site.key),
  ],
  [
    "a certificate where the key should be",
    "key",
    /holds a certificate .* exchange the two/,
    () => look(chain(site), { key: site.certificate }),
  ],
  ["a binary certificate", "certificate", /openssl x509 -inform DER/, () => look("0\u0082\u0003")],
  [
    "a broken certificate",
    "certificate",
    /certificate 2 of 2 in it cannot be read/,
    () => look(`${site.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`),
  ],
  ["a PKCS #7 file", "certificate", /openssl pkcs7/, () => look("-----BEGIN PKCS7-----\n")],
  [
    "a key with a passphrase",
    "key",
    /a passphrase protects it.*openssl pkey/,
    () => look(chain(site), { key: encrypted }),
  ],
  [
    "a broken key",
    "key",
    /cannot be read/,
    () =>
      look(chain(site), { key: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" }),
  ],
  ["no key at all", "key", /no -----BEGIN PRIVATE KEY-----/, () => look(chain(site), { key: "" })],
  [
    "another name",
    "certificate",
    /it is for geo.example.org, \*.lab.example.org, and not for www.example.org; ask for one/,
    () => look(chain(site, middle), { names: [name, "www.example.org"] }),
  ],
  [
    "a class without a domain",
    "certificate",
    /not for 203.0.113.10; write domain: geo.example.org/,
    () => look(chain(site, middle), { names: ["203.0.113.10"] }),
  ],
  [
    "no name that browsers look at",
    "certificate",
    /and not for geo.example.org/,
    () => look(bare.certificate, { key: bare.key }),
  ],
  [
    "one that has ended",
    "certificate",
    /geo.example.org ended on 20.*; put a newer one/,
    () => look(chain(site, middle), { inDays: 91 }),
  ],
  [
    "one that has not begun",
    "certificate",
    /begins on .*clock/,
    () => look(alone.certificate, { key: alone.key, inDays: -1 }),
  ],
  [
    "one for mail",
    "certificate",
    /not made for servers/,
    () => look(mail.certificate, { key: mail.key }),
  ],
  [
    "a key that is too short",
    "certificate",
    /1024 bits/,
    () => look(weak.certificate, { key: weak.key }),
  ],
] as const)
  test(`refused: ${what}`, (t) => {
    const error = t.throws(run, { instanceOf: OwnFileError });
    t.is(error.file, file);
    t.regex(adviceOf(error), expected);
    t.notRegex(error.message, /AAAA|MIG/);
  });
