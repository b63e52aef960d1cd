import test from "ava";
import { namesOf, settingsFrom } from "../../contracts/edge-settings.js";

const json = (changes: Record<string, unknown>): string =>
  JSON.stringify({
    domain: "geo.example.org",
    address: "10.77.0.11",
    tls: { kind: "off" },
    ...changes,
  });

const acme = { kind: "acme", directory: "https://acme.example/dir" };

test("three keys are enough, the others have defaults", (t) => {
  const settings = settingsFrom(json({}));
  t.is(settings.domain, "geo.example.org");
  t.deepEqual(settings.tls, { kind: "off" });
  t.is(settings.upstream, "proxy:8000");
  t.is(settings.resolver, "127.0.0.11");
  t.deepEqual(settings.listen, { http: "80", https: "443", health: "127.0.0.1:8099" });
  t.is(settings.folders.certificates, "/certificates");
  t.deepEqual(settings.schedule.pauses, [60, 600, 6000, 86_400]);
});

test("names are in lower case, each only once", (t) => {
  const otherNames = ["WWW.Geo.example.org", "geo.example.org"];
  const settings = settingsFrom(json({ domain: "Geo.Example.ORG", otherNames }));
  t.deepEqual(namesOf(settings), ["geo.example.org", "www.geo.example.org"]);
});

test("a domain or an address is required", (t) => {
  t.notThrows(() => settingsFrom(json({ domain: null })));
  t.notThrows(() => settingsFrom(json({ address: null })));
  t.throws(() => settingsFrom(json({ domain: null, address: null })), {
    message: /\(root\): domain or address is required/,
  });
});

test("an authority and further names require a domain, trusted proxies require TLS off", (t) => {
  t.throws(() => settingsFrom(json({ domain: null, tls: acme })), { message: /^ {2}tls: must/m });
  t.throws(() => settingsFrom(json({ domain: null, otherNames: ["a.example"] })), {
    message: /^ {2}otherNames: must/m,
  });
  t.notThrows(() => settingsFrom(json({ trustedProxies: ["10.0.0.5", "192.168.0.0/24"] })));
  t.throws(() => settingsFrom(json({ tls: { kind: "own" }, trustedProxies: ["10.0.0.5"] })), {
    message: /^ {2}trustedProxies: must/m,
  });
});

test("subdomains add all names below the first, and require a domain, and DNS where an authority gives the certificate", (t) => {
  const subdomains = true;
  t.false(settingsFrom(json({})).subdomains);
  t.deepEqual(namesOf(settingsFrom(json({ subdomains }))), [
    "geo.example.org",
    "*.geo.example.org",
  ]);
  t.throws(() => settingsFrom(json({ subdomains, domain: null })), {
    message: /^ {2}subdomains: must/m,
  });
  t.throws(() => settingsFrom(json({ subdomains, tls: acme })), { message: /^ {2}tls\.dns: is/m });
  const dns = { hook: true };
  t.notThrows(() => settingsFrom(json({ subdomains, tls: { ...acme, dns } })));
});

test("values that would break nginx.conf are refused, and every fault is listed", (t) => {
  const bad = {
    domain: "geo.example.org; return 200",
    otherNames: ["a b"],
    address: "10.0.0.1;",
    trustedProxies: ["10.0.0.0/33"],
    upstream: "proxy:8000;}",
    resolver: "127.0.0.11 {",
    listen: { http: "80; deny all" },
    folders: { run: "/run/$hostname" },
    schedule: { cron: "sometimes" },
  };
  const error = t.throws(() => settingsFrom(json(bad)));
  const keys =
    "domain otherNames.0 address trustedProxies.0 upstream resolver listen.http folders.run schedule.cron";
  for (const key of keys.split(" "))
    t.regex(error.message, new RegExp(`^ {2}${key.replaceAll(".", "\\.")}: must be`, "m"));
});

test("values that would add a line to certbot's configuration are refused", (t) => {
  const bad: Record<string, unknown>[] = [
    { directory: "https://acme.example/dir\nmanual-auth-hook = reboot" },
    { directory: "http://acme.example/dir" },
    { email: "ada@example.org\nserver = x" },
    { eab: "id\nkey" },
    { dns: { plugin: "rfc2136\nx" } },
    { dns: { hook: "/bin/reboot" } },
    { propagation: -1 },
  ];
  for (const change of bad)
    t.throws(() => settingsFrom(json({ tls: { ...acme, ...change } })), { message: /^ {2}tls\./m });
  t.notThrows(() => settingsFrom(json({ tls: { ...acme, email: "ada@example.org", eab: "k-1" } })));
});

test("an unknown key is refused: it may be misspelt", (t) => {
  t.throws(() => settingsFrom(json({ domian: "x" })), { message: /domian/ });
});

test("a file that is not JSON is refused as such", (t) => {
  t.throws(() => settingsFrom("{"), { message: /JSON/ });
});
