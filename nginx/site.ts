import type { X509Certificate } from "node:crypto";
import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type EdgeSettings, namesOf } from "../contracts/edge-settings.js";
import { type Candidate, candidatesFor } from "./candidates.js";
import { writePair } from "./certificate-pair.js";
import type { NginxEnvironment } from "./configuration.js";
import { certificateServedAt } from "./handshake.js";
import { installConfiguration, startNginx } from "./nginx.js";
import { Problem } from "./problem.js";
import { resolveProxy } from "./proxy-address.js";

/** The pair that is installed in nginx, and the certificate that a handshake then showed; neither with TLS off. */
export type ServedCertificate = {
  installed: Candidate | undefined;
  served: X509Certificate | undefined;
  /** Why the operator's own certificate is not installed. */
  problem: Problem | null;
};

/** nginx with the best pair that exists. */
type Site = {
  /** Installs the settings and the best pair that nginx accepts; reloads nginx if anything changed. Throws where it accepts none. */
  apply: (settings: EdgeSettings) => Promise<ServedCertificate>;
  /** The proxy's addresses in nginx's configuration, each as address:port; none where nginx resolves the name itself. */
  proxyServers: () => readonly string[];
  stop: (graceMilliseconds: number) => void;
  /** nginx's exit code. */
  ended: Promise<number>;
};

/** Starts nginx with these settings and the best pair that it accepts; throws where it accepts none. */
export const startSite = async (
  first: EdgeSettings,
  container: Omit<NginxEnvironment, "proxyServers">,
  now: () => Date,
  log: (text: string) => void,
): Promise<Site> => {
  let environment: NginxEnvironment = { ...container, proxyServers: [] };
  const resolveAgain = async (settings: EdgeSettings): Promise<void> => {
    // Where the DNS server does not answer, the addresses are those of before.
    const proxyServers = await resolveProxy(settings).catch(() => environment.proxyServers);
    environment = { ...container, proxyServers };
  };
  await resolveAgain(first);
  const started = await install(first, environment, now(), log);
  const nginx = startNginx(started.file, first.listen.health);
  log(`nginx runs with ${started.file}`);
  let running = await contentOf(started);
  let isOver = false;
  let installing: Promise<unknown> = Promise.resolve();

  const apply = async (settings: EdgeSettings): Promise<ServedCertificate> => {
    await resolveAgain(settings);
    if (isOver) throw new Error("nginx has ended");
    const underWay = install(settings, environment, now(), log);
    installing = underWay.catch(() => {});
    const { file, installed, problem } = await underWay;
    const next = await contentOf({ file, installed });
    if (next !== running) await nginx.reload();
    running = next;
    const served = installed === undefined ? undefined : await waitUntilServed(settings, installed);
    return { installed, served, problem };
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    // One at a time, in the order of the calls.
    apply: async (settings) => {
      const result = last.then(() => apply(settings));
      last = result.catch(() => {});
      return result;
    },
    proxyServers: () => environment.proxyServers,
    stop: nginx.stop,
    ended: nginx.ended.then(async (code) => {
      isOver = true;
      // An `nginx -t` that still runs would go on writing after this program has ended.
      await installing;
      return code;
    }),
  };
};

type Installation = {
  file: string;
  installed: Candidate | undefined;
  /** Why the operator's own certificate is not installed. */
  problem: Problem | null;
};

const contentOf = async ({ file, installed }: Omit<Installation, "problem">): Promise<string> =>
  `${await readFile(file, "utf8")}${installed?.pair.pem ?? ""}`;

const install = async (
  settings: EdgeSettings,
  environment: NginxEnvironment,
  now: Date,
  log: (text: string) => void,
): Promise<Installation> => {
  const { run, certificates } = settings.folders;
  await mkdir(run, { recursive: true });
  // nginx's workers have another account, and read the challenges below.
  await chmod(run, 0o755);
  await mkdir(join(run, "webroot"), { recursive: true });
  if (settings.tls.kind === "off") {
    const file = await installConfiguration(settings, environment, "off");
    return { file, installed: undefined, problem: null };
  }
  await mkdir(certificates, { recursive: true }).catch(() => {});
  const { candidates, ownProblem } = await candidatesFor(settings, now, log);
  let rejection: unknown;
  for (const candidate of candidates) {
    await writePair(join(run, "live.pem"), candidate.pair);
    try {
      const file = await installConfiguration(settings, environment, candidate.kind);
      return { file, installed: candidate, problem: ownProblem ?? problemBy(rejection) };
    } catch (error) {
      rejection = error;
    }
  }
  throw rejection;
};

const problemBy = (rejection: unknown): Problem | null =>
  rejection instanceof Error
    ? new Problem("nginx rejected the certificate", null, rejection.message.slice(0, 2000))
    : null;

/** The certificate that nginx serves once its new workers run, or still serves after 20 s. */
const waitUntilServed = async (
  settings: EdgeSettings,
  { pair }: Candidate,
): Promise<X509Certificate | undefined> => {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const served = await certificateServedAt(settings.listen.https, namesOf(settings)[0]).catch(
      () => undefined,
    );
    if (served?.serialNumber === pair.leaf.serialNumber || performance.now() > deadline)
      return served;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
