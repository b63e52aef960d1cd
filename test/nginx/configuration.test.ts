import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { settingsFrom } from "../../contracts/edge-settings.js";
import { writePair } from "../../nginx/certificate-pair.js";
import { hasHttp2Directive, nginxConfiguration } from "../../nginx/configuration.js";
import { nginxEnvironment } from "../../nginx/nginx.js";
import { selfSigned } from "../../nginx/self-signed.js";
import { readAsset } from "../../src/operator/assets.js";
import { withNginx } from "./support/with-nginx.js";

const template = readAsset("nginx/nginx.conf.hbs");
const rendered = (
  changes: Record<string, unknown>,
  http2Directive = true,
  installed: "self-signed" | "acme" | "own" = "self-signed",
  proxyServers: string[] = [],
): string => {
  const json = JSON.stringify({
    domain: null,
    address: "10.77.0.11",
    tls: { kind: "off" },
    ...changes,
  });
  return nginxConfiguration(
    template,
    settingsFrom(json),
    { user: "www-data", http2Directive, edgeToken: "", proxyServers },
    installed,
  );
};

test("without TLS nginx does not listen on 443 and reads no certificate", (t) => {
  const text = rendered({ tls: { kind: "off" } });
  t.notRegex(text, /\b443\b|ssl_certificate|return 307 https/);
});

test("with a domain nginx answers to that name only; without one, to any address and no name", (t) => {
  t.regex(rendered({ domain: "geo.example.org" }), /server_name geo\.example\.org;/);
  t.notRegex(rendered({ domain: "geo.example.org" }), /server_name localhost/);
  t.regex(rendered({}), /server_name localhost "~/);
});

test("the redirect has a port only where it is not 443", (t) => {
  t.regex(rendered({ tls: { kind: "self-signed" } }), /return 307 https:\/\/\$host\$request_uri;/);
  const otherPort = rendered({ tls: { kind: "self-signed" }, listen: { https: "127.0.0.1:8443" } });
  t.regex(otherPort, /return 307 https:\/\/\$host:8443\$request_uri;/);
});

test("an nginx older than 1.25.1 gets HTTP/2 as a flag of `listen`", (t) => {
  t.true(hasHttp2Directive("nginx version: nginx/1.26.3"));
  t.true(hasHttp2Directive("nginx version: nginx/1.25.1"));
  t.false(hasHttp2Directive("nginx version: nginx/1.25.0"));
  t.false(hasHttp2Directive("nginx version: nginx/1.22.1 (Debian)"));
  t.regex(rendered({ tls: { kind: "self-signed" } }), /^ {2}http2 on;$/m);
  t.notRegex(rendered({ tls: { kind: "self-signed" } }, false), /http2 on/);
  t.regex(rendered({ tls: { kind: "self-signed" } }, false), /listen 443 ssl http2;/);
});

test("worker_shutdown_timeout is not set: it would cut websockets at a reload", (t) => {
  t.notRegex(rendered({ tls: { kind: "self-signed" } }), /worker_shutdown_timeout/);
});

test("HSTS is sent only with a certificate that browsers trust by themselves", (t) => {
  const strictTransport = /Strict-Transport-Security "max-age=/;
  const domain = "geo.example.org";
  t.regex(rendered({ domain, tls: { kind: "own" } }, true, "own"), strictTransport);
  t.regex(rendered({ domain, tls: { kind: "own" } }, true, "acme"), strictTransport);
  t.notRegex(rendered({ domain, tls: { kind: "own" } }, true, "self-signed"), strictTransport);
  t.notRegex(rendered({ tls: { kind: "own" } }, true, "own"), strictTransport);
});

test("nginx answers to several names", (t) => {
  const text = rendered({ domain: "geo.example.org", otherNames: ["www.geo.example.org"] });
  t.regex(text, /server_name geo\.example\.org www\.geo\.example\.org;/);
});

test("with subdomains nginx answers to all names below the domain as well; without, nothing of it is in the file", (t) => {
  const domain = "geo.example.org";
  const text = rendered({ domain, subdomains: true, tls: { kind: "self-signed" } });
  t.is(text.match(/server_name geo\.example\.org \*\.geo\.example\.org;/g)?.length, 2);
  t.notRegex(rendered({ domain, tls: { kind: "self-signed" } }), /foreign|elsewhere|hub_host|\*\./);
});

test("connections to a proxy with a known address are kept open; otherwise its name is resolved for each request", (t) => {
  const known = rendered({}, true, "self-signed", ["172.18.0.3:8000", "172.18.0.4:8000"]);
  t.regex(known, /server 172\.18\.0\.3:8000 .*;\n +server 172\.18\.0\.4:8000 /);
  t.regex(known, /keepalive_timeout 4s;/, "far less than the proxy's minute");
  t.notRegex(known, /resolver|proxy:8000/);
  t.regex(rendered({}), /set \$upstream proxy:8000;/);
  t.notRegex(rendered({}), /\bkeepalive \d/);
});

const all = [null, "geo.example.org"].flatMap((domain) =>
  (["off", "self-signed", "own", "acme"] as const)
    .filter((kind) => domain !== null || kind !== "acme")
    .flatMap((kind) =>
      (kind === "off" ? [[], ["10.0.0.5", "192.168.0.0/24"]] : [[]]).flatMap((trustedProxies) =>
        (domain === null ? [[]] : [[], ["www.geo.example.org"], ["*"]]).map((names) => ({
          domain,
          kind,
          trustedProxies,
          otherNames: names.filter((name) => name !== "*"),
          subdomains: names.includes("*"),
        })),
      ),
    ),
);

for (const { domain, kind, trustedProxies, otherNames, subdomains } of all) {
  const names = [...(subdomains ? ["its subdomains"] : []), ...otherNames];
  const server = domain === null ? "an address" : [domain, ...names].join(" and ");
  const proxies = trustedProxies.length === 0 ? "" : ", behind trusted proxies";
  withNginx(
    `nginx accepts the configuration for ${server} with TLS ${kind}${proxies}, without a warning`,
    async (t) => {
      const folder = await mkdtemp(join(tmpdir(), "swarmhub-nginx-"));
      t.teardown(() => rm(folder, { recursive: true }));
      const folders = { certificates: folder, run: folder, assets: folder };
      const listen = {
        http: "127.0.0.1:18080",
        https: "127.0.0.1:18443",
        health: "127.0.0.1:18099",
      };
      const acme = { directory: "https://acme.example/dir", dns: { hook: true } };
      const tls = kind === "acme" ? { kind, ...acme } : { kind };
      const settings = settingsFrom(
        JSON.stringify({
          domain,
          otherNames,
          subdomains,
          address: "10.77.0.11",
          tls,
          trustedProxies,
          listen,
          folders,
        }),
      );
      const { pair } = await selfSigned(folder, folder, ["10.77.0.11"], new Date());
      await writePair(join(folder, "live.pem"), pair);
      const container = await nginxEnvironment(settings);
      const environments = [[], ["127.0.0.1:8000"]].map((proxyServers) => ({
        ...container,
        proxyServers,
      }));
      const kinds = kind === "off" ? [kind] : ([kind, "self-signed"] as const);
      const texts = kinds.flatMap((installed) =>
        environments.map((each) => nginxConfiguration(template, settings, each, installed)),
      );
      for (const text of texts) {
        const file = join(folder, "nginx.conf");
        await writeFile(file, text);
        const { stderr } = await promisify(execFile)("sh", [
          "-c",
          'nginx -t -c "$0" -e stderr >/dev/null',
          file,
        ]);
        t.notRegex(stderr, /\[(warn|error|emerg)\]/);
      }
    },
  );
}
