import { createHash } from "node:crypto";
import test from "ava";
import type { TlsConfig } from "../../src/config/types.js";
import { exitCode } from "../../src/errors.js";
import { readGivenFiles } from "../../src/tls/given-files.js";
import { userError } from "../support/fakes.js";
import { certificateOf } from "./support/certificates.js";

const name = "geo.example.org";
const site = certificateOf({ name });

/** The operator's files for the edge, on a machine with these files and variables. */
const readFrom = (
  tls: TlsConfig,
  files: Record<string, string> = {},
  env: Record<string, string> = {},
) =>
  readGivenFiles(tls, [name], {
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

test("the edge needs no files for what it does by itself", async (t) => {
  const kinds: TlsConfig[] = [{ kind: "self-signed" }, { kind: "off", trustedProxies: [] }, acme];
  for (const tls of kinds) t.deepEqual(await readFrom(tls), { files: [], warnings: [] });
});

test("a certificate and its key are readable for the edge alone", async (t) => {
  const { files, serial, warnings } = await readFrom(own, {
    "/c": site.certificate,
    "/k": site.key,
  });
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

test("an authority's root, account key, DNS hook and DNS credentials become files", async (t) => {
  const key = "abcdefghijklmnop_-12==";
  const [first] = (await readFrom(eab, {}, { KEY: `${key}\n` })).files;
  t.like(first, { name: "acme/eab-key", content: "abcdefghijklmnop_-12", mode: 0o600 });
  const [root] = (await readFrom({ ...acme, ca: "/ca" }, { "/ca": site.certificate })).files;
  t.is(root?.name, "acme/ca.pem");
  const [script] = (await readFrom(hook, { "/hook": "#!/bin/sh\n" })).files;
  t.like(script, { name: "acme/dns-hook", mode: 0o700 });
  const [ini] = (await readFrom(plugin, { "/ini": "dns_rfc2136_server = 10.0.0.1\n" })).files;
  t.like(ini, { name: "acme/dns-credentials.ini", mode: 0o600 });
});

for (const [fault, read, expected] of [
  [
    "a certificate that does not exist",
    () => readFrom(own, { "/k": site.key }),
    /^tls.certificate: \/c: the file does not exist/,
  ],
  [
    "a key that may not be read",
    () => readFrom(own, { "/c": site.certificate, "/k": "secret!" }),
    /^tls.key: \/k: the file cannot be read \(EACCES\)/,
  ],
  [
    "a file that is not text",
    () => readFrom(own, { "/c": "\0", "/k": site.key }),
    /the file is not a short text file/,
  ],
  [
    "an invalid key",
    () => readFrom(own, { "/c": site.certificate, "/k": "hunter22" }),
    /^tls.key: \/k: there is no -----BEGIN/,
  ],
  [
    "an account key that is not set",
    () => readFrom(eab),
    /^tls.acme.eab.key comes from the environment variable KEY, which is not set/,
  ],
  [
    "an invalid account key",
    () => readFrom(eab, {}, { KEY: "hunter22 hunter22" }),
    /^tls.acme.eab.key: \$KEY: it is not base64url text/,
  ],
  [
    "an invalid root",
    () => readFrom({ ...acme, ca: "/ca" }, { "/ca": "hunter22" }),
    /^tls.acme.ca: \/ca: there is no -----BEGIN/,
  ],
  [
    "a hook that cannot be run",
    () => readFrom(hook, { "/hook": "echo" }),
    /does not start with #!\//,
  ],
  [
    "credentials of another kind",
    () => readFrom(plugin, { "/ini": "hunter22" }),
    /no line `dns_rfc2136_server/,
  ],
] as const)
  test(`refused, without repeating it: ${fault}`, async (t) => {
    const error = await userError(read());
    t.regex(error.message, expected);
    t.is(error.code, exitCode.usage);
    t.truthy(error.hint);
    t.notRegex(`${error.message} ${error.hint}`, /hunter22|secret!/);
  });
