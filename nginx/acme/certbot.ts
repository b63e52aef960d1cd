import { execFile } from "node:child_process";
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Acme, type EdgeSettings, namesOf } from "../../contracts/edge-settings.js";
import { type Pair, pairFrom } from "../certificate-pair.js";
import { newRequest } from "../openssl.js";
import { Problem } from "../problem.js";
import { problemFromCertbot } from "./certbot-errors.js";

/**
 * Has certbot ask for a certificate for a new key; answers the pair, which is nowhere on disk yet. Throws a Trouble. certbot keeps
 * the account and nothing else: by its own storage a kill at the wrong moment leaves a state that it refuses.
 */
export const askByCertbot = async (settings: EdgeSettings, acme: Acme): Promise<Pair> => {
  const { run } = settings.folders;
  const work = await mkdtemp(join(run, ".certbot-"));
  try {
    await chmod(work, 0o700);
    const { key, made } = await newRequest(run, namesOf(settings));
    await writeFile(join(work, "request.pem"), made);
    const secrets = await writeConfiguration(settings, acme, work);
    let { failed, said } = await execute(settings, acme, work);
    if (failed && isAccountUnknown(said)) {
      const accounts = acmePath(settings, "certbot");
      await rm(`${accounts}.former`, { recursive: true, force: true });
      await rename(accounts, `${accounts}.former`);
      ({ failed, said } = await execute(settings, acme, work));
    }
    const words = secrets.reduce((text, secret) => text.replaceAll(secret, "…"), said);
    if (failed) throw problemFromCertbot(words, new URL(acme.directory).host);
    const chain = await readFile(join(work, "fullchain.pem"), "utf8");
    return { ...pairFrom(`${chain}\n${key}`), directory: acme.directory };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};

/** The file in the folder of all that concerns the authority. */
export const acmePath = ({ folders }: EdgeSettings, name: string): string =>
  join(folders.certificates, "acme", name);

/** The folder that nginx shows below /.well-known. */
export const webrootOf = ({ folders }: EdgeSettings): string => join(folders.run, "webroot");

/** Writes cli.ini, which a process list does not show; answers the secrets in it. */
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
      "look at what tls.acme.eab.key names",
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
    ...(await proof(settings, acme)),
  ];
  await mkdir(webrootOf(settings), { recursive: true });
  await writeFile(join(work, "cli.ini"), `${lines.join("\n")}\n`, { mode: 0o600 });
  return eabKey === "" ? [] : [eabKey];
};

/** How the names are proven. */
const proof = async (settings: EdgeSettings, { dns, propagation }: Acme): Promise<string[]> => {
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
    throw new Problem("the script that changes the DNS is not there", "swarmhub up");
  });
  const call = (word: string) => `${hook} ${word} "$CERTBOT_DOMAIN" "$CERTBOT_VALIDATION"`;
  return [
    "authenticator = manual",
    "preferred-challenges = dns",
    `manual-auth-hook = ${call("present")} && sleep ${propagation ?? 0}`,
    `manual-cleanup-hook = ${call("cleanup")}`,
  ];
};

/** Runs certbot; ends it after ten minutes: nobody's DNS takes longer. */
const execute = (
  settings: EdgeSettings,
  acme: Acme,
  work: string,
): Promise<{ failed: boolean; said: string }> =>
  new Promise((resolve) => {
    const ca = acmePath(settings, "ca.pem");
    const options = {
      timeout: 600_000,
      killSignal: "SIGKILL",
      maxBuffer: 1 << 24,
      env: { ...process.env, ...(acme.ca ? { REQUESTS_CA_BUNDLE: ca } : {}) },
    } as const;
    const argv = ["certonly", "--config", join(work, "cli.ini")];
    execFile(join(settings.folders.certbot, "certbot"), argv, options, (error, stdout, stderr) => {
      const isSlow = error?.killed === true;
      const why = isSlow
        ? "\nended after ten minutes"
        : error?.signal
          ? "\ncertbot was killed"
          : "";
      const unstarted = error?.code === "ENOENT" ? `\n${error.message}` : "";
      resolve({ failed: error !== null, said: `${stdout}\n${stderr}${why}${unstarted}` });
    });
  });

/** An authority may forget or close an account; another costs nothing. */
const isAccountUnknown = (said: string): boolean =>
  /accountDoesNotExist|Account \S+ not found|account is (not valid|deactivated)/i.test(said);
