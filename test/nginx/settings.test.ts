import test from "ava";
import { settingsFrom } from "../../nginx/settings.js";

const json = (changes: Record<string, unknown>): string =>
  JSON.stringify({ domain: "geo.example.org", address: "10.77.0.11", tls: "off", ...changes });

test("three keys are enough, the rest is as the image has it", (t) => {
  const settings = settingsFrom(json({}));
  t.is(settings.domain, "geo.example.org");
  t.is(settings.upstream, "proxy:8000");
  t.is(settings.resolver, "127.0.0.11");
  t.deepEqual(settings.listen, { http: "80", https: "443", health: "127.0.0.1:8099" });
  t.is(settings.folders.certificates, "/certificates");
});

test("a domain is compared in small letters", (t) => {
  t.is(settingsFrom(json({ domain: "Geo.Example.ORG" })).domain, "geo.example.org");
});

test("either a domain or an address is needed", (t) => {
  t.notThrows(() => settingsFrom(json({ domain: null })));
  t.notThrows(() => settingsFrom(json({ address: null })));
  t.throws(() => settingsFrom(json({ domain: null, address: null })), {
    message: /one of domain and address must be given/,
  });
});

test("what would break out of nginx.conf is refused, and every complaint is told", (t) => {
  const bad = {
    domain: "geo.example.org; return 200",
    address: "10.0.0.1;",
    upstream: "proxy:8000;}",
    resolver: "127.0.0.11 {",
    listen: { http: "80; deny all" },
    folders: { run: "/run/$hostname" },
  };
  const error = t.throws(() => settingsFrom(json(bad)));
  for (const key of ["domain", "address", "upstream", "resolver", "listen.http", "folders.run"])
    t.regex(error.message, new RegExp(`^ {2}${key}: must be`, "m"));
});

test("an unknown key is refused: it may be a misspelt one", (t) => {
  t.throws(() => settingsFrom(json({ domian: "x" })), { message: /domian/ });
});

test("what is no JSON is named so", (t) => {
  t.throws(() => settingsFrom("{"), { message: /JSON/ });
});
