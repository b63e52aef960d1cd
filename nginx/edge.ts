import { mkdir, readFile } from "node:fs/promises";
import { type EdgeSettings, settingsFrom } from "../contracts/edge-settings.js";
import { issueCertificate } from "./acme/issue.js";
import { renewalInfo } from "./acme/renewal-info.js";
import { type Reason, certificateRenewal } from "./certificate-renewal.js";
import { nginxEnvironment } from "./nginx.js";
import { followProxy } from "./proxy-address.js";
import { minuteOfInstallation, minutes, scheduleOf } from "./schedule.js";
import { startSite } from "./site.js";
import { readStatus, writeStatus } from "./status.js";

// The edge container's program: runs nginx as its child with the best certificate that exists, renews that in time, and ends
// when nginx ends. SIGHUP: read the settings and the operator's files again. SIGUSR1: try now what is due. SIGUSR2: renew
// now. A reload drops no connection. SIGTERM ends gracefully, for some seconds.

const settingsPath = process.argv[2] ?? "/etc/swarmhub/edge/settings.json";
/** How long running answers may still take at the end (ms). Open websockets would never end. */
const graceMilliseconds = 5000;
const signals = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTERM", "SIGINT"] as const;
const now = (): Date => new Date();

const main = async (): Promise<void> => {
  // First of all: a signal without a handler would end the program.
  const early: NodeJS.Signals[] = [];
  let receive = (signal: NodeJS.Signals): void => void early.push(signal);
  const handler = (signal: NodeJS.Signals): void => receive(signal);
  for (const signal of signals) process.on(signal, handler);

  let settings = await readSettings();
  const { certificates } = settings.folders;
  await mkdir(certificates, { recursive: true });
  const minute = await minuteOfInstallation(certificates);
  const site = await startSite(settings, await nginxEnvironment(settings), now, log);

  followProxy(
    () => settings,
    site.proxyServers,
    async () => {
      await site.apply(settings);
      const servers = site.proxyServers();
      log(
        servers.length === 0
          ? "the proxy's name does not resolve"
          : `the proxy is at ${servers.join(", ")}`,
      );
    },
  );

  const schedule = scheduleOf(() => check("schedule"), log);
  const renewal = certificateRenewal(
    {
      now,
      settings: () => settings,
      apply: () => site.apply(settings),
      issue: issueCertificate,
      suggestedWindow: renewalInfo(now),
      fraction: minute / minutes,
      wakeAt: schedule.wakeAt,
      write: (status) => writeStatus(certificates, status),
      log,
    },
    await readStatus(certificates),
  );
  const check = (reason: Reason): void => {
    renewal.check(reason).catch((error: unknown) => log(reasonOf(error)));
  };
  const reload = async (): Promise<void> => {
    const changed = renewal.expectChange();
    try {
      const next = await readSettings();
      await site.apply(next);
      settings = next;
    } finally {
      changed();
    }
    schedule.start(minute, settings.schedule.cron);
    log("reloaded");
    check("changed");
  };
  receive = (signal) => {
    if (signal === "SIGHUP")
      reload().catch((error: unknown) =>
        log(`not reloaded, nginx keeps its configuration: ${reasonOf(error)}`),
      );
    else if (signal === "SIGUSR1") check("now");
    else if (signal === "SIGUSR2") check("force");
    else site.stop(graceMilliseconds);
  };
  schedule.start(minute, settings.schedule.cron);
  check("schedule");
  early.forEach(receive);

  // At once: the workers of a killed nginx still hold its log open, so this program would not end by itself.
  process.exit(await site.ended);
};

const readSettings = async (): Promise<EdgeSettings> =>
  settingsFrom(await readFile(settingsPath, "utf8"));

const log = (text: string): void => {
  process.stderr.write(`edge: ${text}\n`);
};

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

main().catch((error: unknown) => {
  log(reasonOf(error));
  process.exit(1);
});
