import { type OutboundProxy, proxyVariables } from "../../contracts/outbound-proxy.js";
import { execFile } from "node:child_process";
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Acme, type EdgeSettings, namesOf } from "../../contracts/edge-settings.js";
import { type CertificatePair, pairFrom } from "../certificate-pair.js";
import { newRequest } from "../openssl.js";
import { loginsIn, readOutboundProxy } from "../outbound-proxy.js";
import { Problem } from "../problem.js";
import { problemFromCertbot } from "./certbot-errors.js";

/**
 * Requests a certificate for a new key with certbot; answers the pair, which is not on disk yet. Throws a Problem. certbot stores the
 * account and nothing else: its own storage of certificates, killed at the wrong moment, is left in a state that it refuses.
 */
export const requestByCertbot = async (
  settings: EdgeSettings,
  acme: Acme,
): Promise<CertificatePair> => {
  const { run } = settings.folders;
  const work = await mkdtemp(join(run, ".certbot-"));
  try {
    await chmod(work, 0o700);
    const { key, request } = await newRequest(run, namesOf(settings));
    await writeFile(join(work, "request.pem"), request);
    const secrets = await writeConfiguration(settings, acme, work);
    const proxy = await readOutboundProxy(settings.folders.secrets);
    if (proxy !== undefined) secrets.push(...loginsIn(proxy));
    let { failed, output } = await execute(settings, acme, work, proxy);
    if (failed && isAccountUnknown(output)) {
      const accounts = acmePath(settings, "certbot");
      await rm(`${accounts}.former`, { recursive: true, force: true });
      await rename(accounts, `${accounts}.former`);
      ({ failed, output } = await execute(settings, acme, work, proxy));
    }
    const shown = secrets.reduce((text, secret) => text.replaceAll(secret, "…"), output);
    if (failed) throw problemFromCertbot(shown, new URL(acme.directory).host);
    const chain = await readFile(join(work, "fullchain.pem"), "utf8");
    return { ...pairFrom(`${chain}\n${key}`), directory: acme.directory };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};

/** The path of a file in the folder for everything about the authority. */
export const acmePath = ({ folders }: EdgeSettings, name: string): string =>
  join(folders.certificates, "acme", name);

/** The folder that nginx serves below /.well-known. */
export const webrootOf = ({ folders }: EdgeSettings): string => join(folders.run, "webroot");

/** Writes cli.ini, as a process list would show arguments; answers the secrets in it. */
const writeConfiguration = async (
  settings: EdgeSettings,
  acme: Acme,
  work: string,
): Promise<string[]> => {
  const eabKey =
    acme.eab === null ? "" : (await readFile(acmePath(settings, "eab-key"), "utf8")).trim();
  if (!/^[\w=-]*$/.test(eabKey))
    throw new Problem(
      "the key of the external account is not base64url",
      "check the file or variable of tls.acme.eab.key",
    );
  const lines = [
    "non-interactive = true",
    "agree-tos = true",
    `server = ${acme.directory}`,
    acme.email === null ? "register-unsafely-without-email = true" : `email = ${acme.email}`,
    ...(acme.eab === null ? [] : [`eab-kid = ${acme.eab}`, `eab-hmac-key = ${eabKey}`]),
    `config-dir = ${acmePath(settings, "certbot")}`,
    `work-dir = ${join(work, "work")}`,
    `logs-dir = ${join(work, "logs")}`,
    `csr = ${join(work, "request.pem")}`,
    `cert-path = ${join(work, "certificate.pem")}`,
    `chain-path = ${join(work, "chain.pem")}`,
    `fullchain-path = ${join(work, "fullchain.pem")}`,
    ...(await challengeLines(settings, acme)),
  ];
  await mkdir(webrootOf(settings), { recursive: true });
  await writeFile(join(work, "cli.ini"), `${lines.join("\n")}\n`, { mode: 0o600 });
  return eabKey === "" ? [] : [eabKey];
};

/** The lines of cli.ini on how certbot proves that the names are ours. */
const challengeLines = async (
  settings: EdgeSettings,
  { dns, propagation }: Acme,
): Promise<string[]> => {
  if (dns === null) return ["authenticator = webroot", `webroot-path = ${webrootOf(settings)}`];
  if ("plugin" in dns) {
    const credentials = acmePath(settings, "dns-credentials.ini");
    return [
      `authenticator = dns-${dns.plugin}`,
      `dns-${dns.plugin}-credentials = ${credentials}`,
      ...(propagation === null ? [] : [`dns-${dns.plugin}-propagation-seconds = ${propagation}`]),
    ];
  }
  const hook = acmePath(settings, "dns-hook");
  await access(hook).catch(() => {
    throw new Problem("the DNS hook is missing", "swarmhub up");
  });
  const call = (action: string) => `${hook} ${action} "$CERTBOT_DOMAIN" "$CERTBOT_VALIDATION"`;
  return [
    "authenticator = manual",
    "preferred-challenges = dns",
    `manual-auth-hook = ${call("present")} && sleep ${propagation ?? 0}`,
    `manual-cleanup-hook = ${call("cleanup")}`,
  ];
};

/** Runs certbot; ends it after ten minutes: no DNS takes longer. */
const execute = (
  settings: EdgeSettings,
  acme: Acme,
  work: string,
  proxy: OutboundProxy | undefined,
): Promise<{ failed: boolean; output: string }> =>
  new Promise((resolve) => {
    const ca = acmePath(settings, "ca.pem");
    const options = {
      timeout: 600_000,
      killSignal: "SIGKILL",
      maxBuffer: 1 << 24,
      env: {
        ...process.env,
        ...(proxy && proxyVariables(proxy)),
        ...(acme.ca ? { REQUESTS_CA_BUNDLE: ca } : {}),
      },
    } as const;
    const argv = ["certonly", "--config", join(work, "cli.ini")];
    execFile(join(settings.folders.certbot, "certbot"), argv, options, (error, stdout, stderr) => {
      const isSlow = error?.killed === true;
      const end = isSlow
        ? "\nended after ten minutes"
        : error?.signal
          ? "\ncertbot was killed"
          : "";
      const notStarted = error?.code === "ENOENT" ? `\n${error.message}` : "";
      resolve({ failed: error !== null, output: `${stdout}\n${stderr}${end}${notStarted}` });
    });
  });

/** An authority may forget or close an account; a new one costs nothing. */
const isAccountUnknown = (output: string): boolean =>
  /accountDoesNotExist|Account \S+ not found|account is (not valid|deactivated)/i.test(output);
