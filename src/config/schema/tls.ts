import { resolve } from "node:path";
import * as z from "zod";
import { UserError } from "../../errors.js";
import type { AcmeConfig, DnsConfig, TlsConfig } from "../types.js";
import { directoryFrom, keyIdFrom, networkFrom, pluginFrom } from "../values/authority.js";
import { emailFrom, fileFrom } from "../values/names.js";
import { besideFile, secretSourceFrom } from "../values/secret-source.js";
import { durationFrom } from "../values/units.js";
import { leaf, list, section } from "./fields.js";

/** The ways that are a word, and what stands for each other one. */
const words =
  "self-signed, off, letsencrypt, or a mapping with letsencrypt, acme, certificate or off";

const file = (what: string, example: string) => leaf({ what, example }, fileFrom);

/** An e-mail address. */
export const email = leaf({ what: "an e-mail address", example: "teacher@example.org" }, emailFrom);

const given = (what: string, example: string, instead: string) =>
  leaf(
    { what, example },
    (text) => {
      const source = secretSourceFrom(text);
      if (source.kind !== "generated") return source;
      throw new UserError("nobody here can make it up", { hint: instead });
    },
    true,
  );

const dns = section(
  {
    what: "a mapping of hook, or of plugin and credentials",
    example: "{hook: ./dns-hook}",
  },
  {
    hook: file("a script that makes and removes DNS records", "./dns-hook").exactOptional(),
    plugin: leaf({ what: "a kind of DNS server", example: "rfc2136" }, pluginFrom).exactOptional(),
    credentials: given(
      "from-file PATH or from-env NAME",
      "from-file rfc2136.ini",
      "write from-file PATH with what your DNS server wants",
    ).exactOptional(),
    propagation: leaf({ what: "a duration", example: "60s" }, (text) => {
      const seconds = Math.round(durationFrom(text) / 1000);
      if (seconds >= 1 && seconds <= 480) return seconds;
      throw new UserError("it lies between 1s and 8m", { hint: "write for example 60s" });
    }).exactOptional(),
  },
);

// `letsencrypt: teacher@example.org` is short for a mapping with that e-mail.
const letsencrypt = z.preprocess(
  (value) => (typeof value === "string" ? { email: value } : value),
  section(
    {
      what: "an e-mail address, or a mapping of email, staging and dns",
      example: "{staging: true}",
    },
    {
      email: email.exactOptional(),
      staging: z
        .boolean({ error: () => "must be true or false; write for example staging: true" })
        .default(false),
      dns: dns.exactOptional(),
    },
  ),
);

const eab = section(
  { what: "a mapping of id and key", example: "{id: a1b2, key: from-env EAB_KEY}" },
  {
    id: leaf({ what: "the id of a key", example: "a1b2c3" }, keyIdFrom),
    key: given(
      "from-env NAME or from-file PATH",
      "from-env EAB_KEY",
      "write from-env EAB_KEY or from-file eab-key with what the authority gave",
    ),
  },
);

const acme = section(
  { what: "a mapping of directory, email, ca, eab and dns", example: "{directory: https://…}" },
  {
    directory: leaf(
      { what: "the address of an ACME server's directory", example: "https://ca.example.org/acme" },
      directoryFrom,
    ),
    email: email.exactOptional(),
    ca: file(
      "a file with the root of the ACME server's own certificate",
      "./root.pem",
    ).exactOptional(),
    eab: eab.exactOptional(),
    dns: dns.exactOptional(),
  },
);

const off = section(
  { what: "a mapping of trusted-proxies", example: "{trusted-proxies: [10.0.0.5]}" },
  {
    "trusted-proxies": list(
      { what: "a list of addresses", example: "[10.0.0.5, 192.168.0.0/24]" },
      leaf({ what: "an IPv4 address or network", example: "10.0.0.5" }, networkFrom),
    ).default([]),
  },
);

const ways = section(
  { what: words, example: "{letsencrypt: teacher@example.org}" },
  {
    letsencrypt: letsencrypt.exactOptional(),
    acme: acme.exactOptional(),
    off: off.exactOptional(),
    certificate: file("a file with a certificate and its chain", "./chain.pem").exactOptional(),
    key: file("a file with a certificate's key", "./key.pem").exactOptional(),
  },
);

/** How browsers are served; which of a mapping's keys go together is in tls-cross.ts. YAML 1.1 reads `off` as false. */
export const tls = z.preprocess(
  (value) => (value === false ? "off" : value),
  z.union([z.enum(["self-signed", "off", "letsencrypt"]), ways]),
);

/** The checked value as the rest of swarmhub takes it; relative paths are from the folder of swarmhub.yaml. */
export const tlsOf = (way: z.output<typeof tls>, folder: string): TlsConfig => {
  if (way === "self-signed") return { kind: way };
  if (way === "off") return { kind: way, trustedProxies: [] };
  if (way === "letsencrypt") return letsEncryptOf({ staging: false }, folder);
  if (way.off !== undefined) return { kind: "off", trustedProxies: way.off["trusted-proxies"] };
  if (way.letsencrypt !== undefined) return letsEncryptOf(way.letsencrypt, folder);
  if (way.acme !== undefined) return acmeOf(way.acme, folder);
  const { certificate = "", key = "" } = way;
  return { kind: "own", certificate: resolve(folder, certificate), key: resolve(folder, key) };
};

const letsEncryptOf = (
  { staging, ...rest }: z.output<typeof letsencrypt>,
  folder: string,
): AcmeConfig => ({
  kind: "acme",
  authority: staging ? "Let's Encrypt's staging" : "Let's Encrypt",
  directory: `https://acme-${staging ? "staging-" : ""}v02.api.letsencrypt.org/directory`,
  ...askingOf(rest, folder),
});

const acmeOf = (
  { directory, ca, eab: account, ...rest }: z.output<typeof acme>,
  folder: string,
): AcmeConfig => ({
  kind: "acme",
  authority: new URL(directory).host,
  directory,
  ...(ca !== undefined && { ca: resolve(folder, ca) }),
  ...(account !== undefined && {
    eab: { id: account.id, key: besideFile(account.key, folder) },
  }),
  ...askingOf(rest, folder),
});

const askingOf = (
  { email: address, dns: records }: Pick<z.output<typeof acme>, "email" | "dns">,
  folder: string,
): Pick<AcmeConfig, "email" | "dns"> => ({
  ...(address !== undefined && { email: address }),
  ...(records !== undefined && { dns: dnsOf(records, folder) }),
});

const dnsOf = (
  { hook, plugin, credentials, propagation }: z.output<typeof dns>,
  folder: string,
): DnsConfig => ({
  ...(plugin !== undefined && credentials !== undefined
    ? { kind: "plugin", plugin, credentials: besideFile(credentials, folder) }
    : { kind: "hook", hook: resolve(folder, hook ?? "") }),
  ...(propagation !== undefined && { propagation }),
});
