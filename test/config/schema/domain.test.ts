import test from "ava";
import { configFrom } from "../../../src/config/load.js";
import { namesOf, subdomainHost } from "../../../src/config/types.js";
import { classWith, complaintsOf, refused } from "../support/complaints.js";

const configOf = (yaml: string) => configFrom(classWith(yaml), "/class/swarmhub.yaml");
const subdomains = "domain: {name: geo.example.org, subdomains: true}";

test("with subdomains a class has one name and all names below it", (t) => {
  const config = configOf(subdomains);
  t.is(config.domain, "geo.example.org");
  t.true(config.subdomains);
  t.deepEqual(namesOf(config), ["geo.example.org", "*.geo.example.org"]);
  t.is(subdomainHost(config), "https://geo.example.org");
});

test("a domain in a mapping is the same as a name, unless it has subdomains", (t) => {
  for (const yaml of [
    "domain: {name: geo.example.org}",
    "domain: {name: geo.example.org, subdomains: false}",
    "domain: {name: geo.example.org, subdomains: }",
  ]) {
    t.deepEqual(configOf(yaml), configOf("domain: geo.example.org"));
    t.deepEqual(namesOf(configOf(yaml)), ["geo.example.org"]);
    t.is(subdomainHost(configOf(yaml)), undefined);
  }
});

test(
  refused,
  "domain: {name: 203.0.113.10, subdomains: true}",
  '4:16  "domain.name" is "203.0.113.10": expected a domain name such as geo.example.org (not an address); delete the line to use the manager\'s address, or name another one as public-address',
);
test(
  refused,
  "domain: {name: [geo.example.org, geo.example.net], subdomains: true}",
  '4:16  "domain.name" is a list: expected a domain name such as geo.example.org',
);
test(
  refused,
  "domain: {subdomains: true}",
  '4:9  "domain.name" is missing: expected a domain name such as geo.example.org',
);
test(
  refused,
  "domain: {name: geo.example.org, subdomains: yes please}",
  '4:45  "domain.subdomains" is "yes please": expected true or false',
);
test(
  refused,
  "domain: {name: geo.example.org, subdomain: true}",
  '4:33  unknown key "subdomain" in "domain"; did you mean "subdomains"?',
);

for (const tls of [
  "self-signed",
  "{certificate: ./chain.pem, key: ./key.pem}",
  "{letsencrypt: {dns: {hook: ./dns-hook}}}",
  "{acme: {directory: 'https://ca.example.org', dns: {plugin: rfc2136, credentials: from-file r.ini}}}",
  "{off: {trusted-proxies: [10.0.0.5]}}",
])
  test(`subdomains are possible with tls: ${tls}`, (t) => {
    t.deepEqual(complaintsOf(classWith(`${subdomains}\ntls: ${tls}`)), []);
  });

const needsDns = (example: string): string =>
  `5:6  "tls" needs dns for subdomains: an authority issues a certificate for *.geo.example.org only by a DNS record; write for example ${example}`;
const letsEncrypt = needsDns("letsencrypt: {email: teacher@example.org, dns: {hook: ./dns-hook}}");
const needsProxies =
  '5:6  "tls" needs trusted-proxies for subdomains, as something in front must serve HTTPS; write for example off: {trusted-proxies: [10.0.0.5]}';

for (const [tls, expected] of [
  ["letsencrypt", letsEncrypt],
  ["{letsencrypt: teacher@example.org}", letsEncrypt],
  ["{letsencrypt: {staging: true}}", letsEncrypt],
  ["{acme: {directory: 'https://ca.example.org'}}", needsDns("dns: {hook: ./dns-hook} below acme")],
  ["off", needsProxies],
  ["{off: {trusted-proxies: []}}", needsProxies],
] as const)
  test(`subdomains are refused with tls: ${tls}`, (t) => {
    t.deepEqual(complaintsOf(classWith(`${subdomains}\ntls: ${tls}`)), [expected]);
    t.deepEqual(complaintsOf(classWith(`domain: geo.example.org\ntls: ${tls}`)), []);
  });
