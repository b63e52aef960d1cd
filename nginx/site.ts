import type { X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type EdgeSettings, namesOf } from "../contracts/edge-settings.js";
import { type Candidate, candidatesFor } from "./candidates.js";
import { writePair } from "./certificate-pair.js";
import type { Surroundings } from "./configuration.js";
import { servedCertificate } from "./handshake.js";
import { installConfiguration, startNginx } from "./nginx.js";
import { Problem } from "./problem.js";
import { proxyServers } from "./proxy-address.js";

/** What is served: the pair that nginx was given, and the certificate that a handshake then showed; neither with TLS off. */
export type Served = {
  given: Candidate | undefined;
  shown: X509Certificate | undefined;
  /** Why an own certificate is not it. */
  trouble: Problem | null;
};

/** nginx with the best pair that there is. */
export type Site = {
  /** Gives nginx these settings and the best pair it accepts; reloads it if anything changed. Throws where it accepts none. */
  apply: (settings: EdgeSettings) => Promise<Served>;
  /** Where nginx looks for the proxy: address:port, none where it asks by name. */
  proxyServers: () => readonly string[];
  stop: (graceMilliseconds: number) => void;
  /** nginx's exit code. */
  ended: Promise<number>;
};

/** Starts nginx with these settings and the best pair that it accepts; throws where it accepts none. */
export const startSite = async (
  first: EdgeSettings,
  machine: Omit<Surroundings, "proxyServers">,
  now: () => Date,
  say: (text: string) => void,
): Promise<Site> => {
  let around: Surroundings = { ...machine, proxyServers: [] };
  const lookAround = async (settings: EdgeSettings): Promise<void> => {
    // Where nobody can be asked, it is where it was.
    const found = await proxyServers(settings).catch(() => around.proxyServers);
    around = { ...machine, proxyServers: found };
  };
  await lookAround(first);
  const started = await install(first, around, now(), say);
  const nginx = startNginx(started.file);
  say(`nginx runs with ${started.file}`);
  let running = await allOf(started);
  let isOver = false;
  let installing: Promise<unknown> = Promise.resolve();

  const apply = async (settings: EdgeSettings): Promise<Served> => {
    await lookAround(settings);
    if (isOver) throw new Error("nginx has ended");
    const underWay = install(settings, around, now(), say);
    installing = underWay.catch(() => {});
    const installed = await underWay;
    const next = await allOf(installed);
    if (next !== running) nginx.reload();
    running = next;
    const { given, trouble } = installed;
    const shown = given === undefined ? undefined : await untilShown(settings, given);
    return { given, shown, trouble };
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    // One at a time, in the order in which they came.
    apply: async (settings) => {
      const result = last.then(() => apply(settings));
      last = result.catch(() => {});
      return result;
    },
    proxyServers: () => around.proxyServers,
    stop: nginx.stop,
    ended: nginx.ended.then(async (code) => {
      isOver = true;
      // An nginx that checks a configuration would go on writing without us.
      await installing;
      return code;
    }),
  };
};

type Installed = { file: string; given: Candidate | undefined; trouble: Problem | null };

const allOf = async ({ file, given }: Installed): Promise<string> =>
  `${await readFile(file, "utf8")}${given?.pair.pem ?? ""}`;

const install = async (
  settings: EdgeSettings,
  around: Surroundings,
  now: Date,
  say: (text: string) => void,
): Promise<Installed> => {
  const { run, certificates } = settings.folders;
  await mkdir(run, { recursive: true });
  // nginx's workers are another user, and look for challenges below.
  await chmod(run, 0o755);
  await mkdir(join(run, "webroot"), { recursive: true });
  if (settings.tls.kind === "off") {
    const file = await installConfiguration(settings, around, "off");
    return { file, given: undefined, trouble: null };
  }
  await mkdir(certificates, { recursive: true }).catch(() => {});
  const { candidates, ownTrouble } = await candidatesFor(settings, now, say);
  let refusal: unknown;
  for (const given of candidates) {
    await writePair(join(run, "live.pem"), given.pair);
    try {
      const file = await installConfiguration(settings, around, given.kind);
      return { file, given, trouble: ownTrouble ?? troubleBy(refusal) };
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
};

const troubleBy = (refusal: unknown): Problem | null =>
  refusal instanceof Error
    ? new Problem("nginx does not accept the certificate", null, refusal.message.slice(0, 2000))
    : null;

/** What nginx serves once its new workers are at it; what it serves still where that takes over 20 s. */
const untilShown = async (
  settings: EdgeSettings,
  { pair }: Candidate,
): Promise<X509Certificate | undefined> => {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const shown = await servedCertificate(settings.listen.https, namesOf(settings)[0]).catch(
      () => undefined,
    );
    if (shown?.serialNumber === pair.leaf.serialNumber || performance.now() > deadline)
      return shown;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
