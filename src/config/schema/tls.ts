import { resolve } from "node:path";
import * as z from "zod";
import type { AcmeConfig, DnsConfig, TlsConfig } from "../types.js";
import { directoryFrom, keyIdFrom, networkFrom, pluginFrom } from "../values/authority.js";
import { emailFrom, pathFrom } from "../values/names.js";
import { fromFolder, outsideSecretFrom } from "../values/secret-source.js";
import { propagationFrom } from "../values/units.js";
import { flag, leaf, list, section } from "./fields.js";

const forms =
  "self-signed, off, letsencrypt, or a mapping with letsencrypt, acme, certificate or off";

/** An e-mail address. */
export const email = leaf(emailFrom);

const dns = section(
  {
    hook: leaf(
      pathFrom("a script that adds and removes DNS records", "./dns-hook"),
    ).exactOptional(),
    plugin: leaf(pluginFrom).exactOptional(),
    credentials: leaf(
      outsideSecretFrom("from-file PATH or from-env NAME", "from-file rfc2136.ini"),
    ).exactOptional(),
    propagation: leaf(propagationFrom).exactOptional(),
  },
  "{hook: ./dns-hook}",
  "a mapping of hook, or of plugin and credentials",
);

// `letsencrypt: teacher@example.org` is short for a mapping with that e-mail.
const letsencrypt = z.preprocess(
  (value) => (typeof value === "string" ? { email: value } : value),
  section(
    {
      email: email.exactOptional(),
      staging: flag.default(false),
      dns: dns.exactOptional(),
    },
    "{staging: true}",
    "an e-mail address, or a mapping of email, staging and dns",
  ),
);

const eab = section(
  {
    id: leaf(keyIdFrom),
    key: leaf(outsideSecretFrom("from-env NAME or from-file PATH", "from-env EAB_KEY")),
  },
  "{id: a1b2c3, key: from-env EAB_KEY}",
);

const acme = section(
  {
    directory: leaf(directoryFrom),
    email: email.exactOptional(),
    ca: leaf(
      pathFrom("a file with the root certificate of the ACME server", "./root.pem"),
    ).exactOptional(),
    eab: eab.exactOptional(),
    dns: dns.exactOptional(),
  },
  "{directory: https://…}",
);

const off = section(
  {
    "trusted-proxies": list(
      { what: "a list of addresses", example: "[10.0.0.5, 192.168.0.0/24]" },
      leaf(networkFrom),
    ).default([]),
  },
  "{trusted-proxies: [10.0.0.5]}",
);

const mappingForm = section(
  {
    letsencrypt: letsencrypt.exactOptional(),
    acme: acme.exactOptional(),
    off: off.exactOptional(),
    certificate: leaf(
      pathFrom("a file with a certificate and its chain", "./chain.pem"),
    ).exactOptional(),
    key: leaf(pathFrom("a file with the key of the certificate", "./key.pem")).exactOptional(),
  },
  "{letsencrypt: teacher@example.org}",
  forms,
);

/** How browsers are served; rules/tls.ts has the keys that exclude or need each other. YAML 1.1 reads `off` as false. */
export const tls = z.preprocess(
  (value) => (value === false ? "off" : value),
  z.union([z.enum(["self-signed", "off", "letsencrypt"]), mappingForm]),
);

/** The checked value as a TlsConfig; relative paths start at the folder of swarmhub.yaml. */
export const tlsOf = (form: z.output<typeof tls>, folder: string): TlsConfig => {
  if (form === "self-signed") return { kind: form };
  if (form === "off") return { kind: form, trustedProxies: [] };
  if (form === "letsencrypt") return letsEncryptOf({ staging: false }, folder);
  if (form.off !== undefined) return { kind: "off", trustedProxies: form.off["trusted-proxies"] };
  if (form.letsencrypt !== undefined) return letsEncryptOf(form.letsencrypt, folder);
  if (form.acme !== undefined) return acmeOf(form.acme, folder);
  const { certificate = "", key = "" } = form;
  return { kind: "own", certificate: resolve(folder, certificate), key: resolve(folder, key) };
};

const letsEncryptOf = (
  { staging, ...rest }: z.output<typeof letsencrypt>,
  folder: string,
): AcmeConfig => ({
  kind: "acme",
  authority: staging ? "Let's Encrypt's staging" : "Let's Encrypt",
  directory: `https://acme-${staging ? "staging-" : ""}v02.api.letsencrypt.org/directory`,
  ...requestOptions(rest, folder),
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
    eab: { id: account.id, key: fromFolder(account.key, folder) },
  }),
  ...requestOptions(rest, folder),
});

const requestOptions = (
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
    ? { kind: "plugin", plugin, credentials: fromFolder(credentials, folder) }
    : { kind: "hook", hook: resolve(folder, hook ?? "") }),
  ...(propagation !== undefined && { propagation }),
});
