import { type AcmeConfig, type TlsConfig, namesOf } from "../config/types.js";
import { UserError } from "../errors.js";
import { paths } from "../paths.js";
import { quoteAll } from "../text/shell.js";
import { operatorGiven } from "../tls/inspect.js";
import { type Check, type CheckContext, type Finding, withTimeout } from "./check.js";

const patience = 5000;
// milliseconds for a web page or a name server

/** An authority can be shown that the names are ours, and what the operator gave will do for a while. */
export const certificate: Check = {
  name: "tls",
  run: async (context) => {
    const { cluster, machines } = context;
    const given = await operatorGiven(cluster.config, machines(cluster.manager).address);
    // What is refused, the plan's own check tells.
    const warnings = given instanceof UserError ? [] : given.warnings;
    return [
      ...warnings.map((text): Finding => ({ level: "warning", text })),
      ...(await authorityFindings(context)),
    ];
  },
};

/** Whether an authority asks at port 80 of each name (HTTP-01). */
export const isAskedThere = (tls: TlsConfig): tls is AcmeConfig =>
  tls.kind === "acme" && tls.dns === undefined;

const authorityFindings = async (context: CheckContext): Promise<Finding[]> => {
  const { config } = context.cluster;
  const { tls } = config;
  const names = namesOf(config);
  if (tls.kind !== "acme") return [];
  const forbidden = isLetsEncrypt(tls)
    ? await Promise.all(names.map((name) => forbiddenBy(name, context)))
    : [];
  const found = isAskedThere(tls)
    ? [...(await unresolved(names, context)), ...(await portFindings(tls, names, context))]
    : [];
  return [...forbidden.flat(), ...found];
};

const isLetsEncrypt = ({ directory }: AcmeConfig): boolean =>
  new URL(directory).host.endsWith(".letsencrypt.org");

/** CAA: the nearest name that has such records says who may give out certificates (RFC 8659). */
const forbiddenBy = async (name: string, { world }: CheckContext): Promise<Finding[]> => {
  const parts = name.split(".");
  for (let skip = 0; skip < parts.length - 1; skip += 1) {
    const parent = parts.slice(skip).join(".");
    const issuers = (await withTimeout(patience, world.issuers(parent))) ?? [];
    if (issuers.length === 0) continue;
    if (issuers.some((issuer) => /^letsencrypt\.org\s*(;|$)/.test(issuer.trim()))) return [];
    return [
      {
        level: "warning",
        text: `${parent} has CAA records by which Let's Encrypt may give out no certificate`,
        hint: `at your name provider: a CAA record of ${parent} with 0 issue "letsencrypt.org"`,
      },
    ];
  }
  return [];
};

/** The edge looks the names up itself before it asks, by what the manager knows. */
const unresolved = async (
  names: readonly string[],
  { cluster }: CheckContext,
): Promise<Finding[]> => {
  const { manager } = cluster;
  const known = await manager.script(
    `for name in ${quoteAll(names)}; do timeout 5 getent ahostsv4 "$name" >/dev/null && echo "$name"; done; true`,
    { title: "resolve the domain" },
  );
  const missing = names.filter((name) => !known.split("\n").includes(name));
  if (missing.length === 0) return [];
  return [
    {
      host: manager.name,
      level: "warning",
      text: `does not know ${missing.join(" and ")}, so that the edge will not ask for a certificate`,
      hint: `look at /etc/resolv.conf on ${manager.name}, or wait: a new record takes a while to be seen`,
    },
  ];
};

const portFindings = async (
  tls: AcmeConfig,
  names: readonly string[],
  { cluster, machines, world }: CheckContext,
): Promise<Finding[]> => {
  const { files } = machines(cluster.manager).facts;
  if (files[paths.edgeConfiguration] === undefined)
    return [
      {
        level: "note",
        text: `${tls.authority} will ask at port 80 of ${names.join(" and ")}: it must be open to all; \`check\` tries it once the class is up`,
      },
    ];
  return Promise.all(
    names.map(async (name): Promise<Finding> => {
      const url = `http://${name}/.well-known/acme-challenge/swarmhub-check`;
      const answer = await withTimeout(
        patience,
        world.fetch(url, { redirect: "manual", signal: AbortSignal.timeout(patience) }),
      );
      return answer === undefined
        ? {
            level: "warning",
            text: `nobody answers at port 80 of ${name}, where ${tls.authority} asks`,
            hint: "open port 80 in the provider's firewall, or use DNS-01: `dns` in swarmhub.yaml's `tls`",
          }
        : { level: "ok", text: `port 80 of ${name} answers` };
    }),
  );
};
