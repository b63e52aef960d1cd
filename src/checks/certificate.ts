import { type AcmeConfig, type TlsConfig, namesOf } from "../config/types.js";
import { UserError } from "../errors.js";
import { paths } from "../paths.js";
import { quoteAll } from "../text/shell.js";
import { inspectGivenFiles } from "../tls/inspect.js";
import { type Check, type CheckContext, type Finding, withTimeout } from "./check.js";

/** Milliseconds for a web page or a name server. */
const timeout = 5000;

/** An authority can verify that the names are ours, and the operator's own files stay valid for a while. */
export const certificate: Check = {
  name: "tls",
  run: async (context) => {
    const { cluster, machines } = context;
    const givenFiles = await inspectGivenFiles(cluster.config, machines(cluster.manager).address);
    // An error in the files is reported by the check of the plan.
    const warnings = givenFiles instanceof UserError ? [] : givenFiles.warnings;
    return [
      ...warnings.map((text): Finding => ({ level: "warning", text })),
      ...(await authorityFindings(context)),
    ];
  },
};

/** Whether an authority connects to port 80 of each name (HTTP-01). */
export const usesHttpChallenge = (tls: TlsConfig): tls is AcmeConfig =>
  tls.kind === "acme" && tls.dns === undefined;

const authorityFindings = async (context: CheckContext): Promise<Finding[]> => {
  const { config } = context.cluster;
  const { tls } = config;
  const names = namesOf(config);
  if (tls.kind !== "acme") return [];
  const caa = isLetsEncrypt(tls)
    ? await Promise.all(names.map((name) => caaFindings(name, context)))
    : [];
  const found = usesHttpChallenge(tls)
    ? [...(await resolverFindings(names, context)), ...(await portFindings(tls, names, context))]
    : [];
  return [...caa.flat(), ...found];
};

const isLetsEncrypt = ({ directory }: AcmeConfig): boolean =>
  new URL(directory).host.endsWith(".letsencrypt.org");

/** CAA: the records of the nearest name that has any say which authorities may issue certificates (RFC 8659). */
const caaFindings = async (name: string, { operator }: CheckContext): Promise<Finding[]> => {
  const isWildcard = name.startsWith("*.");
  const parts = name.replace("*.", "").split(".");
  for (let skip = 0; skip < parts.length - 1; skip += 1) {
    const parent = parts.slice(skip).join(".");
    const issuers = (await withTimeout(timeout, operator.issuers(parent, isWildcard))) ?? [];
    if (issuers.length === 0) continue;
    if (issuers.some((issuer) => /^letsencrypt\.org\s*(;|$)/.test(issuer.trim()))) return [];
    return [
      {
        level: "warning",
        text: `the CAA records of ${parent} do not allow Let's Encrypt to issue certificates${isWildcard ? ` for ${name}` : ""}`,
        hint: `at your DNS provider, add a CAA record to ${parent}: 0 ${isWildcard ? "issuewild" : "issue"} "letsencrypt.org"`,
      },
    ];
  }
  return [];
};

/** Before a request the edge resolves the names itself, as the manager does. */
const resolverFindings = async (
  names: readonly string[],
  { cluster }: CheckContext,
): Promise<Finding[]> => {
  const { manager } = cluster;
  const resolved = await manager.script(
    `for name in ${quoteAll(names)}; do timeout 5 getent ahostsv4 "$name" >/dev/null && echo "$name"; done; true`,
    { title: "resolve the domain" },
  );
  const missing = names.filter((name) => !resolved.split("\n").includes(name));
  if (missing.length === 0) return [];
  return [
    {
      host: manager.name,
      level: "warning",
      text: `cannot resolve ${missing.join(" and ")}, so the edge will not request a certificate`,
      hint: `check /etc/resolv.conf on ${manager.name}, or wait: a new record takes a while to be visible`,
    },
  ];
};

const portFindings = async (
  tls: AcmeConfig,
  names: readonly string[],
  { cluster, machines, operator }: CheckContext,
): Promise<Finding[]> => {
  const { files } = machines(cluster.manager).facts;
  if (files[paths.edgeConfiguration] === undefined)
    return [
      {
        level: "note",
        text: `${tls.authority} will connect to port 80 of ${names.join(" and ")}: it must be open to the Internet; \`check\` tests it once the class is up`,
      },
    ];
  return Promise.all(
    names.map(async (name): Promise<Finding> => {
      const url = `http://${name}/.well-known/acme-challenge/swarmhub-check`;
      const answer = await withTimeout(
        timeout,
        operator.fetch(url, { redirect: "manual", signal: AbortSignal.timeout(timeout) }),
      );
      return answer === undefined
        ? {
            level: "warning",
            text: `port 80 of ${name} does not answer, and ${tls.authority} must reach it`,
            hint: "open port 80 in the provider's firewall, or use DNS-01: write `dns` in `tls` of swarmhub.yaml",
          }
        : { level: "ok", text: `port 80 of ${name} answers` };
    }),
  );
};
