import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Acme, type EdgeSettings, namesOf } from "../../contracts/edge-settings.js";
import type { CertificatePair } from "../certificate-pair.js";
import { Problem } from "../problem.js";
import { readOutboundProxy } from "../outbound-proxy.js";
import { type Authority, askAuthority } from "./authority.js";
import { acmePath, requestByCertbot, webrootOf } from "./certbot.js";
import { checkReachability } from "./reachability.js";

/**
 * One attempt to get a certificate; answers the pair, throws a Problem. Whatever can be checked before the authority counts a failure
 * is checked first. `force`: also where names seem to point elsewhere.
 */
export const issueCertificate = async (
  settings: EdgeSettings,
  acme: Acme,
  force: boolean,
  now: () => Date,
): Promise<CertificatePair> => {
  await checkDiskSpace(settings);
  await askAuthority(await authorityOf(settings, acme), undefined, now);
  if (acme.dns === null && !force) {
    const port = Number(settings.listen.http.replace(/^.*:/, ""));
    await checkReachability(namesOf(settings), { webroot: webrootOf(settings), port });
  }
  return requestByCertbot(settings, acme);
};

/** The authority of these settings; throws a Problem where its root certificate is missing. */
export const authorityOf = async (settings: EdgeSettings, acme: Acme): Promise<Authority> => {
  const { directory } = acme;
  const proxy = await readOutboundProxy(settings.folders.secrets);
  if (!acme.ca) return { directory, ca: undefined, proxy };
  const ca = await readFile(acmePath(settings, "ca.pem"), "utf8").catch((error: Error) => {
    throw new Problem("the authority's root certificate is missing", "swarmhub up", error.message);
  });
  return { directory, ca, proxy };
};

/** A certificate that cannot be stored would be wasted, and an authority issues only five a week. */
const checkDiskSpace = async (settings: EdgeSettings): Promise<void> => {
  const folder = acmePath(settings, "issued");
  await mkdir(folder, { recursive: true });
  const file = join(folder, ".room");
  try {
    await writeFile(file, Buffer.alloc(1 << 18, 1), { flush: true });
  } finally {
    await rm(file, { force: true });
  }
};
