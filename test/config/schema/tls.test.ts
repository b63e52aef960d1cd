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
  test(`tls: ${yaml} is taken`, (t) => {
    t.deepEqual(tlsOf(yaml) as unknown, expected);
  });

test("no domain and no tls is self-signed, and so is a domain alone: terms are agreed to by name", (t) => {
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
  exec: (t, yaml: string, expected: RegExp) => {
    const complaints = complaintsOf(classWith(`${domain}tls: ${yaml}`));
    t.is(complaints.length, 1, complaints.join("\n"));
    t.regex(complaints[0] ?? "", expected);
  },
  title: (_given, yaml: string) => `refused: tls: ${yaml}`,
});

test(refused, "domain: Geo.example.org", /^4:9 {2}domain is "Geo.example.org", .* in lower case/);
test(refused, "domain: [a.example.org, b_c]", /^4:25 {2}item 2 of domain is "b_c"/);
test(refused, "domain: []", /domain is an empty list; write a name/);
test(refused, "domain: [a.example.org, a.example.org]", /item 2 of domain is there already/);
test(refused, "domain: {name: a}", /domain is a mapping, and must be a domain name/);
test(refused, "tls: letsencrypt", /^4:6 {2}tls with letsencrypt .* write .*domain: geo/);
test(refused, "tls: {letsencrypt: a@example.org}", /there is no domain/);
test(refused, "tls: {acme: {directory: 'https://ca.example.org'}}", /with acme .* no domain/);
test(refusedTls, "letsencript", /tls is "letsencript", and must be self-signed, off, letsencrypt/);
test(refusedTls, "true", /tls is true, and must be self-signed, off/);
test(refusedTls, "{}", /tls says nothing; write for example tls: self-signed/);
test(
  refusedTls,
  "{letsencript: a@b.org}",
  /"letsencript" is no key .* in tls.*; write letsencrypt/,
);
test(refusedTls, "{letsencrypt: true}", /tls.letsencrypt is true, and must be an e-mail address/);
test(refusedTls, "{letsencrypt: ada}", /tls.letsencrypt is "ada", .* it is name@domain/);
test(refusedTls, "{letsencrypt: ada@host}", /what follows the @ is no domain name/);
test(refusedTls, "{letsencrypt: {staging: yes}}", /staging must be true or false/);
test(refusedTls, "{letsencrypt: a@b.org, off: {}}", /tls.off stands beside letsencrypt/);
test(refusedTls, "{certificate: a}", /tls.certificate has no key beside it/);
test(refusedTls, "{key: a}", /tls.key belongs to a certificate of your own/);
test(refusedTls, "{letsencrypt: {}, key: a}", /tls.key belongs to a certificate of your own/);
test(refusedTls, "{certificate: ~/a.pem, key: b}", /~ is a shell's word/);
test(refusedTls, "{acme: {email: a@example.org}}", /tls.acme.directory is missing/);
test(refusedTls, "{acme: {directory: 'http://ca.example.org'}}", /begins with https:/);
test(refusedTls, "{acme: {directory: 'https://ca.example.org/a;b'}}", /it cannot be read/);
test(refusedTls, "{acme: {directory: 'https://a:b@ca.example.org'}}", /no name or password/);
test(
  refusedTls,
  "{acme: {directory: 'https://ca.example.org', eab: {id: a, key: from-env $X}}}",
  /after from-env stands the name/,
);
test(
  refusedTls,
  "{acme: {directory: 'https://ca.example.org', eab: {id: a, key: generated}}}",
  /eab.key is not .*nobody here can make it up/,
);
test(refusedTls, "{letsencrypt: {dns: {}}}", /dns says not how records are made/);
test(refusedTls, "{letsencrypt: {dns: {hook: a, plugin: rfc2136}}}", /plugin stands beside hook/);
test(refusedTls, "{letsencrypt: {dns: {plugin: rfc2136}}}", /has a plugin and no credentials/);
test(
  refusedTls,
  "{letsencrypt: {dns: {plugin: cloudflare, credentials: from-file a}}}",
  /knows only rfc2136 .*hook/,
);
test(refusedTls, "{letsencrypt: {dns: {hook: a, propagation: 2h}}}", /between 1s and 8m/);
test(refusedTls, "{off: {trusted-proxies: 10.0.0.5}}", /must be a list of addresses/);
test(refusedTls, "{off: {trusted-proxies: [10.0.0]}}", /item 1 of tls.off.trusted-proxies is/);
test(refusedTls, "{off: {trusted-proxies: [0.0.0.0/0]}}", /believed by nobody/);
test(refusedTls, "{off: {trusted-proxies: [10.0.0.0/33]}}", /a number up to 32/);
test(refusedTls, "{off: {trusted-proxies: [10.0.0.1, 10.0.0.1]}}", /is there already/);

test("a key in the file is refused, and not repeated", (t) => {
  const complaints = complaintsOf(
    classWith(
      `${domain}tls: {acme: {directory: 'https://ca.example.org', eab: {id: a, key: hunter22hunter22}}}`,
    ),
  ).join("\n");
  t.notRegex(complaints, /hunter22/);
  t.regex(complaints, /from-env/);
});
