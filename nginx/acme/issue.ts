import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Acme, type EdgeSettings, namesOf } from "../../contracts/edge-settings.js";
import type { Pair } from "../certificate-pair.js";
import { Problem } from "../problem.js";
import { type Authority, askAuthority } from "./authority.js";
import { acmePath, askByCertbot, webrootOf } from "./certbot.js";
import { checkReachability } from "./reachability.js";

/**
 * One attempt at a certificate; answers the pair, throws a Trouble. What can be known before the authority counts a failure is looked
 * at first. `insist`: also where names seem to lead elsewhere.
 */
export const issueCertificate = async (
  settings: EdgeSettings,
  acme: Acme,
  insist: boolean,
  now: () => Date,
): Promise<Pair> => {
  await findRoom(settings);
  await askAuthority(await authorityOf(settings, acme), undefined, now);
  if (acme.dns === null && !insist) {
    const port = Number(settings.listen.http.replace(/^.*:/, ""));
    await checkReachability(namesOf(settings), { webroot: webrootOf(settings), port });
  }
  return askByCertbot(settings, acme);
};

/** The authority of these settings; throws a Trouble where its root is missing. */
export const authorityOf = async (settings: EdgeSettings, acme: Acme): Promise<Authority> => {
  const { directory } = acme;
  if (!acme.ca) return { directory, ca: undefined };
  const ca = await readFile(acmePath(settings, "ca.pem"), "utf8").catch((error: Error) => {
    throw new Problem("the root of the authority is not there", "swarmhub up", error.message);
  });
  return { directory, ca };
};

/** A certificate that could not be kept would be wasted, and only five a week are given out. */
const findRoom = async (settings: EdgeSettings): Promise<void> => {
  const folder = acmePath(settings, "issued");
  await mkdir(folder, { recursive: true });
  const file = join(folder, ".room");
  try {
    await writeFile(file, Buffer.alloc(1 << 18, 1), { flush: true });
  } finally {
    await rm(file, { force: true });
  }
};
