import { createHash } from "node:crypto";
import test from "ava";
import type { TlsConfig } from "../../src/config/types.js";
import { exitCode } from "../../src/errors.js";
import { readGiven } from "../../src/tls/given-files.js";
import { userError } from "../support/fakes.js";
import { certificateOf } from "./support/certificates.js";

const name = "geo.example.org";
const site = certificateOf({ name });

/** What is read where these files and variables are. */
const given = (
  tls: TlsConfig,
  files: Record<string, string> = {},
  env: Record<string, string> = {},
) =>
  readGiven(tls, [name], {
    env,
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(path), { code: "ENOENT" });
      if (text === "secret!") throw Object.assign(new Error(path), { code: "EACCES" });
      return text;
    },
    now: () => new Date(Date.now() + 60_000),
  });

const acme = { kind: "acme", authority: "ca", directory: "https://ca.example.org" } as const;
const own = { kind: "own", certificate: "/c", key: "/k" } as const;
const hook = { ...acme, dns: { kind: "hook", hook: "/hook" } } as const;
const plugin = {
  ...acme,
  dns: { kind: "plugin", plugin: "rfc2136", credentials: { kind: "file", path: "/ini" } },
} as const;
const eab = { ...acme, eab: { id: "a", key: { kind: "env", name: "KEY" } } } as const;

test("nothing is given for what the edge does by itself", async (t) => {
  const ways: TlsConfig[] = [{ kind: "self-signed" }, { kind: "off", trustedProxies: [] }, acme];
  for (const tls of ways) t.deepEqual(await given(tls), { files: [], warnings: [] });
});

test("a certificate and its key go to the edge for it alone", async (t) => {
  const { files, serial, warnings } = await given(own, { "/c": site.certificate, "/k": site.key });
  t.deepEqual(
    files.map(({ name: file, mode }) => [file, mode]),
    [
      ["own/certificate.pem", 0o600],
      ["own/key.pem", 0o600],
    ],
  );
  const sum = createHash("sha256").update(site.key).digest("hex");
  t.is(files[1]?.hash, sum);
  t.regex(serial ?? "", /^[0-9A-F]+$/);
  t.deepEqual(warnings, []);
});

test("an authority's root, account and way by DNS are given as files", async (t) => {
  const key = "abcdefghijklmnop_-12==";
  const [first] = (await given(eab, {}, { KEY: `${key}\n` })).files;
  t.like(first, { name: "acme/eab-key", content: "abcdefghijklmnop_-12", mode: 0o600 });
  const [root] = (await given({ ...acme, ca: "/ca" }, { "/ca": site.certificate })).files;
  t.is(root?.name, "acme/ca.pem");
  const [script] = (await given(hook, { "/hook": "#!/bin/sh\n" })).files;
  t.like(script, { name: "acme/dns-hook", mode: 0o700 });
  const [ini] = (await given(plugin, { "/ini": "dns_rfc2136_server = 10.0.0.1\n" })).files;
  t.like(ini, { name: "acme/dns-credentials.ini", mode: 0o600 });
});

for (const [what, work, expected] of [
  [
    "a certificate that is not there",
    () => given(own, { "/k": site.key }),
    /^tls.certificate: \/c: there is no such file/,
  ],
  [
    "a key that may not be read",
    () => given(own, { "/c": site.certificate, "/k": "secret!" }),
    /^tls.key: \/k: it cannot be read \(EACCES\)/,
  ],
  [
    "a file that is no text",
    () => given(own, { "/c": "\0", "/k": site.key }),
    /it is no text of a few lines/,
  ],
  [
    "a key that is none",
    () => given(own, { "/c": site.certificate, "/k": "hunter22" }),
    /^tls.key: \/k: there is no -----BEGIN/,
  ],
  [
    "an account's key that is not set",
    () => given(eab),
    /^tls.acme.eab.key comes from the environment variable KEY, which is not set/,
  ],
  [
    "an account's key that is none",
    () => given(eab, {}, { KEY: "hunter22 hunter22" }),
    /^tls.acme.eab.key: \$KEY: it is not the base64url/,
  ],
  [
    "a root that is none",
    () => given({ ...acme, ca: "/ca" }, { "/ca": "hunter22" }),
    /^tls.acme.ca: \/ca: there is no -----BEGIN/,
  ],
  [
    "a hook that nothing can run",
    () => given(hook, { "/hook": "echo" }),
    /does not begin with #!\//,
  ],
  [
    "credentials of another kind",
    () => given(plugin, { "/ini": "hunter22" }),
    /no line `dns_rfc2136_server/,
  ],
] as const)
  test(`refused, without repeating it: ${what}`, async (t) => {
    const error = await userError(work());
    t.regex(error.message, expected);
    t.is(error.code, exitCode.usage);
    t.truthy(error.hint);
    t.notRegex(`${error.message} ${error.hint}`, /hunter22|secret!/);
  });
