import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { ensureCertificate } from "../../nginx/certificate.js";
import { hasHttp2Directive, nginxConfiguration } from "../../nginx/configuration.js";
import { surroundings } from "../../nginx/nginx.js";
import { settingsFrom } from "../../nginx/settings.js";
import { readAsset } from "../../src/assets.js";
import { withNginx } from "./running.js";

const template = readAsset("nginx/nginx.conf.hbs");
const rendered = (changes: Record<string, unknown>, http2Directive = true): string => {
  const json = JSON.stringify({ domain: null, address: "10.77.0.11", tls: "off", ...changes });
  return nginxConfiguration(template, settingsFrom(json), { user: "www-data", http2Directive });
};

test("without TLS nothing listens on 443 and no certificate is read", (t) => {
  const text = rendered({ tls: "off" });
  t.notRegex(text, /\b443\b|ssl_certificate|return 307/);
});

test("with a domain only that name is answered to; without one, any address and no name", (t) => {
  t.regex(rendered({ domain: "geo.example.org" }), /server_name geo\.example\.org;/);
  t.notRegex(rendered({ domain: "geo.example.org" }), /server_name localhost/);
  t.regex(rendered({}), /server_name localhost "~/);
});

test("the redirect names a port only where it is another than 443", (t) => {
  t.regex(rendered({ tls: "self-signed" }), /return 307 https:\/\/\$host\$request_uri;/);
  const elsewhere = rendered({ tls: "self-signed", listen: { https: "127.0.0.1:8443" } });
  t.regex(elsewhere, /return 307 https:\/\/\$host:8443\$request_uri;/);
});

test("an nginx older than 1.25.1 gets HTTP/2 as a flag of listen", (t) => {
  t.true(hasHttp2Directive("nginx version: nginx/1.26.3"));
  t.true(hasHttp2Directive("nginx version: nginx/1.25.1"));
  t.false(hasHttp2Directive("nginx version: nginx/1.25.0"));
  t.false(hasHttp2Directive("nginx version: nginx/1.22.1 (Debian)"));
  t.regex(rendered({ tls: "self-signed" }), /^ {2}http2 on;$/m);
  t.notRegex(rendered({ tls: "self-signed" }, false), /http2 on/);
  t.regex(rendered({ tls: "self-signed" }, false), /listen 443 ssl http2;/);
});

test("worker_shutdown_timeout stays unset: it would cut websockets at a reload", (t) => {
  t.notRegex(rendered({ tls: "self-signed" }), /worker_shutdown_timeout/);
});

for (const domain of [null, "geo.example.org"]) {
  for (const tls of ["off", "self-signed"] as const) {
    const names = domain === null ? "an address" : "a domain";
    withNginx(
      `nginx accepts what is rendered for ${names} with TLS ${tls}, without a warning`,
      async (t) => {
        const folder = await mkdtemp(join(tmpdir(), "swarmhub-nginx-"));
        t.teardown(() => rm(folder, { recursive: true }));
        const folders = { certificates: folder, run: folder, assets: folder };
        const listen = {
          http: "127.0.0.1:18080",
          https: "127.0.0.1:18443",
          health: "127.0.0.1:18099",
        };
        const settings = settingsFrom(
          JSON.stringify({ domain, address: "10.77.0.11", tls, listen, folders }),
        );
        await ensureCertificate(folder, ["10.77.0.11"], new Date());
        const file = join(folder, "nginx.conf");
        await writeFile(file, nginxConfiguration(template, settings, await surroundings()));
        const { stderr } = await promisify(execFile)("sh", [
          "-c",
          'nginx -t -c "$0" -e stderr >/dev/null',
          file,
        ]);
        t.notRegex(stderr, /\[(warn|error|emerg)\]/);
      },
    );
  }
}
