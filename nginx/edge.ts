import { mkdir, readFile } from "node:fs/promises";
import { type EdgeSettings, settingsFrom } from "../contracts/edge-settings.js";
import { issueCertificate } from "./acme/issue.js";
import { renewalInfo } from "./acme/renewal-info.js";
import { type Reason, certificateRenewal } from "./certificate-renewal.js";
import { surroundings } from "./nginx.js";
import { followProxy } from "./proxy-address.js";
import { drawnMinute, minutes, scheduleOf } from "./schedule.js";
import { startSite } from "./site.js";
import { readStatus, writeStatus } from "./status.js";

// The edge container's program: runs nginx as its child with the best certificate that there is, keeps that young, and ends
// when nginx ends. SIGHUP: the settings or the operator's files are others. SIGUSR1: try now what failed. SIGUSR2: renew
// now. Reloads drop no connection. SIGTERM ends gracefully, for some seconds.

const settingsPath = process.argv[2] ?? "/etc/swarmhub/edge/settings.json";
/** How long answers under way may still take at the end. Open websockets would take for ever. */
const graceMilliseconds = 5000;
const signals = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTERM", "SIGINT"] as const;
const now = (): Date => new Date();

const main = async (): Promise<void> => {
  // First of all: a signal without a handler would end us.
  const waiting: NodeJS.Signals[] = [];
  let receive = (signal: NodeJS.Signals): void => void waiting.push(signal);
  const hear = (signal: NodeJS.Signals): void => receive(signal);
  for (const signal of signals) process.on(signal, hear);

  let settings = await readSettings();
  const { certificates } = settings.folders;
  await mkdir(certificates, { recursive: true });
  const minute = await drawnMinute(certificates);
  const site = await startSite(settings, await surroundings(), now, say);

  followProxy(
    () => settings,
    site.proxyServers,
    async () => {
      await site.apply(settings);
      say(`the proxy is at ${site.proxyServers().join(", ") || "no address"}`);
    },
  );

  const schedule = scheduleOf(() => look("schedule"), say);
  const keeper = certificateRenewal(
    {
      now,
      settings: () => settings,
      apply: () => site.apply(settings),
      attempt: issueCertificate,
      suggested: renewalInfo(now),
      fraction: minute / minutes,
      wakeAt: schedule.wakeAt,
      write: (status) => writeStatus(certificates, status),
      say,
    },
    await readStatus(certificates),
  );
  const look = (reason: Reason): void => {
    keeper.look(reason).catch((error: unknown) => say(reasonOf(error)));
  };
  const change = async (): Promise<void> => {
    const next = await readSettings();
    await site.apply(next);
    settings = next;
    schedule.start(minute, settings.schedule.cron);
    say("reloaded");
    look("changed");
  };
  receive = (signal) => {
    if (signal === "SIGHUP")
      change().catch((error: unknown) =>
        say(`not reloaded, nginx goes on as it was: ${reasonOf(error)}`),
      );
    else if (signal === "SIGUSR1") look("now");
    else if (signal === "SIGUSR2") look("force");
    else site.stop(graceMilliseconds);
  };
  schedule.start(minute, settings.schedule.cron);
  look("schedule");
  waiting.forEach(receive);

  // At once: the workers of a killed nginx still hold its log open, which would keep us.
  process.exit(await site.ended);
};

const readSettings = async (): Promise<EdgeSettings> =>
  settingsFrom(await readFile(settingsPath, "utf8"));

const say = (text: string): void => {
  process.stderr.write(`edge: ${text}\n`);
};

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

main().catch((error: unknown) => {
  say(reasonOf(error));
  process.exit(1);
});
