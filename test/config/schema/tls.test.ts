import test from "ava";
import { configFrom } from "../../../src/config/load.js";
import type { TlsConfig } from "../../../src/config/types.js";
import { classWith, complaintsOf, refused } from "../support/complaints.js";

const domain = "domain: geo.example.org\n";
const tlsOf = (yaml: string): TlsConfig =>
  configFrom(classWith(`${domain}tls: ${yaml}`), "/class/swarmhub.yaml").tls;

const letsEncrypt = {
  kind: "acme",
  authority: "Let's Encrypt",
  directory: "https://acme-v02.api.letsencrypt.org/directory",
} as const;

for (const [yaml, expected] of [
  ["self-signed", { kind: "self-signed" }],
  ["off", { kind: "off", trustedProxies: [] }],
  [
    "{off: {trusted-proxies: [10.0.0.5, 192.168.0.0/24]}}",
    { kind: "off", trustedProxies: ["10.0.0.5", "192.168.0.0/24"] },
  ],
  ["letsencrypt", letsEncrypt],
  ["{letsencrypt: ada@example.org}", { ...letsEncrypt, email: "ada@example.org" }],
  ["{letsencrypt: {email: ada@example.org}}", { ...letsEncrypt, email: "ada@example.org" }],
  [
    "{letsencrypt: {staging: true}}",
    {
      kind: "acme",
      authority: "Let's Encrypt's staging",
      directory: "https://acme-staging-v02.api.letsencrypt.org/directory",
    },
  ],
  [
    "{letsencrypt: {dns: {hook: ./dns-hook, propagation: 2m}}}",
    { ...letsEncrypt, dns: { kind: "hook", hook: "/class/dns-hook", propagation: 120 } },
  ],
  [
    "{acme: {directory: 'https://ca.example.org:14000/dir', ca: root.pem, eab: {id: a1, key: from-file eab}, dns: {plugin: rfc2136, credentials: from-file /etc/r.ini}}}",
    {
      kind: "acme",
      authority: "ca.example.org:14000",
      directory: "https://ca.example.org:14000/dir",
      ca: "/class/root.pem",
      eab: { id: "a1", key: { kind: "file", path: "/class/eab" } },
      dns: {
        kind: "plugin",
        plugin: "rfc2136",
        credentials: { kind: "file", path: "/etc/r.ini" },
      },
    },
  ],
  [
    "{certificate: ./chain.pem, key: /etc/key.pem}",
    { kind: "own", certificate: "/class/chain.pem", key: "/etc/key.pem" },
  ],
] as const)
  test(`tls: ${yaml} is accepted`, (t) => {
    t.deepEqual(tlsOf(yaml) as unknown, expected);
  });

test("without tls a class is self-signed, with a domain too: the user agrees to terms by writing letsencrypt", (t) => {
  for (const yaml of ["", domain])
    t.deepEqual(configFrom(classWith(yaml || "workers: []"), "a.yaml").tls, {
      kind: "self-signed",
    });
});

test("several names keep their order", (t) => {
  const yaml = classWith("domain: [geo.example.org, www.geo.example.org]");
  const { domain: first, otherNames } = configFrom(yaml, "a.yaml");
  t.deepEqual([first, otherNames], ["geo.example.org", ["www.geo.example.org"]]);
});

const refusedTls = test.macro({
  exec: (t, yaml: string, expected: string) => {
    t.deepEqual(complaintsOf(classWith(`${domain}tls: ${yaml}`)), [expected]);
  },
  title: (_prefix, yaml: string) => `refused: tls: ${yaml}`,
});

test(
  refused,
  "domain: Geo.example.org",
  '4:9  "domain" is "Geo.example.org": expected a domain name such as geo.example.org (parts of a-z, 0-9 and hyphens, joined by dots, in lower case)',
);
test(
  refused,
  "domain: [a.example.org, b_c]",
  '4:25  item 2 of "domain" is "b_c": expected a domain name such as geo.example.org (parts of a-z, 0-9 and hyphens, joined by dots, in lower case)',
);
test(
  refused,
  "domain: []",
  '4:9  "domain" is an empty list; write a domain name into it or delete the line',
);
test(
  refused,
  "domain: [a.example.org, a.example.org]",
  '4:25  item 2 of "domain" repeats an earlier item; delete one of the two',
);
test(
  refused,
  "domain: {name: a}",
  '4:16  "domain.name" is "a": expected a domain name such as geo.example.org (parts of a-z, 0-9 and hyphens, joined by dots, in lower case)',
);
test(
  refused,
  "tls: letsencrypt",
  '4:6  "tls" needs a domain for letsencrypt; write for example domain: geo.example.org',
);
test(
  refused,
  "tls: {letsencrypt: a@example.org}",
  '4:6  "tls" needs a domain for letsencrypt; write for example domain: geo.example.org',
);
test(
  refused,
  "tls: {acme: {directory: 'https://ca.example.org'}}",
  '4:6  "tls" needs a domain for acme; write for example domain: geo.example.org',
);
test(
  refusedTls,
  "letsencript",
  '5:6  "tls" is "letsencript": expected self-signed, off, letsencrypt, or a mapping with letsencrypt, acme, certificate or off, such as {letsencrypt: teacher@example.org}',
);
test(
  refusedTls,
  "true",
  '5:6  "tls" is true: expected self-signed, off, letsencrypt, or a mapping with letsencrypt, acme, certificate or off, such as {letsencrypt: teacher@example.org}',
);
test(refusedTls, "{}", '5:6  "tls" is empty; write for example tls: self-signed');
test(
  refusedTls,
  "{letsencript: a@b.org}",
  '5:7  unknown key "letsencript" in "tls"; did you mean "letsencrypt"?',
);
test(
  refusedTls,
  "{letsencrypt: true}",
  '5:20  "tls.letsencrypt" is true: expected an e-mail address, or a mapping of email, staging and dns, such as {staging: true}',
);
test(
  refusedTls,
  "{letsencrypt: ada}",
  '5:20  "tls.letsencrypt" is "ada": expected an e-mail address such as teacher@example.org (name@domain, in plain letters)',
);
test(
  refusedTls,
  "{letsencrypt: ada@host}",
  '5:20  "tls.letsencrypt" is "ada@host": expected an e-mail address such as teacher@example.org (the part after @ is not a domain name)',
);
test(
  refusedTls,
  "{letsencrypt: {staging: yes}}",
  '5:30  "tls.letsencrypt.staging" is "yes": expected true or false',
);
test(
  refusedTls,
  "{letsencrypt: a@b.org, off: {}}",
  '5:29  "tls.off" conflicts with "letsencrypt": browsers are served in one way; delete one of the two',
);
test(
  refusedTls,
  "{certificate: a}",
  '5:7  "tls.certificate" needs a key; write for example key: ./key.pem beside it',
);
test(
  refusedTls,
  "{key: a}",
  '5:7  "tls.key" needs a certificate; write for example certificate: ./chain.pem beside it, or delete the key',
);
test(
  refusedTls,
  "{letsencrypt: {}, key: a}",
  '5:24  "tls.key" needs a certificate; write for example certificate: ./chain.pem beside it, or delete the key',
);
test(
  refusedTls,
  "{certificate: ~/a.pem, key: b}",
  '5:20  "tls.certificate" is "~/a.pem": expected a file with a certificate and its chain such as ./chain.pem (~ is not expanded here); write the path in full',
);
test(
  refusedTls,
  "{acme: {email: a@example.org}}",
  '5:13  "tls.acme.directory" is missing: expected the address of an ACME directory such as https://ca.example.org/acme/directory',
);
test(
  refusedTls,
  "{acme: {directory: 'http://ca.example.org'}}",
  '5:25  "tls.acme.directory" is "http://ca.example.org": expected the address of an ACME directory such as https://ca.example.org/acme/directory (ACME requires https://)',
);
test(
  refusedTls,
  "{acme: {directory: 'https://ca.example.org/a;b'}}",
  '5:25  "tls.acme.directory" is "https://ca.example.org/a;b": expected the address of an ACME directory such as https://ca.example.org/acme/directory (not a valid address)',
);
test(
  refusedTls,
  "{acme: {directory: 'https://a:b@ca.example.org'}}",
  '5:25  "tls.acme.directory" is "https://a:b@ca.example.org": expected the address of an ACME directory such as https://ca.example.org/acme/directory (without user name and password)',
);
test(
  refusedTls,
  "{acme: {directory: 'https://ca.example.org', eab: {id: a, key: from-env $X}}}",
  '5:69  "tls.acme.eab.key" is invalid: expected from-env NAME or from-file PATH such as from-env EAB_KEY (NAME is the name of an environment variable, without $)',
);
test(
  refusedTls,
  "{acme: {directory: 'https://ca.example.org', eab: {id: a, key: generated}}}",
  '5:69  "tls.acme.eab.key" is invalid: expected from-env NAME or from-file PATH such as from-env EAB_KEY (swarmhub cannot generate this secret)',
);
test(
  refusedTls,
  "{letsencrypt: {dns: {}}}",
  '5:26  "tls.letsencrypt.dns" needs a hook or a plugin; write for example {hook: ./dns-hook}',
);
test(
  refusedTls,
  "{letsencrypt: {dns: {hook: a, plugin: rfc2136}}}",
  '5:36  "tls.letsencrypt.dns.plugin" conflicts with "hook", which makes the records without it; delete one of the two',
);
test(
  refusedTls,
  "{letsencrypt: {dns: {plugin: rfc2136}}}",
  '5:26  "tls.letsencrypt.dns" has a plugin without credentials; write for example {plugin: rfc2136, credentials: from-file rfc2136.ini}',
);
test(
  refusedTls,
  "{letsencrypt: {dns: {plugin: cloudflare, credentials: from-file a}}}",
  '5:35  "tls.letsencrypt.dns.plugin" is "cloudflare": expected rfc2136 (the only one supported: BIND, Knot, PowerDNS and others that take dynamic updates); for another DNS server write dns: {hook: ./dns-hook}',
);
test(
  refusedTls,
  "{letsencrypt: {dns: {hook: a, propagation: 2h}}}",
  '5:49  "tls.letsencrypt.dns.propagation" is "2h": expected a duration from 1s to 8m such as 60s',
);
test(
  refusedTls,
  "{off: {trusted-proxies: 10.0.0.5}}",
  '5:30  "tls.off.trusted-proxies" is "10.0.0.5": expected a list of addresses such as [10.0.0.5, 192.168.0.0/24]',
);
test(
  refusedTls,
  "{off: {trusted-proxies: [10.0.0]}}",
  '5:31  item 1 of "tls.off.trusted-proxies" is "10.0.0": expected an IPv4 address or network such as 192.168.0.0/24',
);
test(
  refusedTls,
  "{off: {trusted-proxies: [0.0.0.0/0]}}",
  '5:31  item 1 of "tls.off.trusted-proxies" is "0.0.0.0/0": expected an IPv4 address or network such as 192.168.0.0/24 (anyone could be in a network wider than /8)',
);
test(
  refusedTls,
  "{off: {trusted-proxies: [10.0.0.0/33]}}",
  '5:31  item 1 of "tls.off.trusted-proxies" is "10.0.0.0/33": expected an IPv4 address or network such as 192.168.0.0/24 (the number after / is at most 32)',
);
test(
  refusedTls,
  "{off: {trusted-proxies: [10.0.0.1, 10.0.0.1]}}",
  '5:41  item 2 of "tls.off.trusted-proxies" repeats an earlier item; delete one of the two',
);

test("a key in the file is refused and not repeated", (t) => {
  const complaints = complaintsOf(
    classWith(
      `${domain}tls: {acme: {directory: 'https://ca.example.org', eab: {id: a, key: hunter22hunter22}}}`,
    ),
  ).join("\n");
  t.notRegex(complaints, /hunter22/);
  t.regex(complaints, /from-env/);
});
