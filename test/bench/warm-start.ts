import { writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { openBrowser, openJupyterLab } from "../e2e/support/browser.js";
import { type Lab, bootLab, roomPassword, workshop } from "../e2e/support/lab.js";
import { waitUntil } from "../../src/wait.js";
import { percentile, seconds } from "./figure.js";
import { burstClass, hubInspector } from "./login-burst-hub.js";
import type { Report } from "./measure-no-op.js";
import { type LoginResult, simulateLogin } from "./simulated-student.js";

/** All come within this time; milliseconds. */
const spread = 10_000;
const most = 30;

/** One lesson's begin; milliseconds from the visit of each person, and until the one with Chromium saw a launcher. */
type Begin = Crowd & { inBrowser: number };

/** The times until each stage of a login, and until JupyterLab could be used. */
type Crowd = {
  times: number[];
  stages: Record<"logged in" | "ready" | "answered", number[]>;
  failures: string[];
  load: number;
};

/**
 * P9: people come within ten seconds to JupyterLabs that `swarmhub warm` has started, until each can use JupyterLab; compared with servers
 * that start when the same people come. One of them comes in Chromium, the others make its requests.
 */
export const measureWarmStart = async (
  keep: boolean,
  { attempt, add, note }: Report,
): Promise<void> => {
  const lab = await bootLab("bench-warm", 3, 3072, { prepared: true });
  try {
    const { folder, swarmhub } = await workshop(lab, "");
    await writeFile(join(folder, "swarmhub.yaml"), yamlOf(lab));
    const up = await swarmhub("up", "--yes");
    if (up.code !== 0) throw new Error(`swarmhub up: ${up.stderr}`);
    const hub = await hubInspector(lab);
    const count = Math.min(most, await hub.seats());
    const people = Array.from({ length: count }, (_, index) => `warm-${index + 1}`);
    const run = (title: string, prepare?: () => Promise<string>): Promise<Begin | undefined> =>
      attempt(`P9: ${title}`, async () => {
        const before = await prepare?.();
        const begin = await beginLesson(lab, people);
        note(`P9: ${count} people, ${title}`, describe(begin, before));
        const alone = people
          .slice(0, 1)
          .map((user) => simulateLogin(siteOf(lab), user, { isLab: true }));
        note(
          `P9: one more login, alone, ${title}`,
          describeCrowd(crowdOf(await Promise.all(alone))),
        );
        await hub.stopAll();
        await waitUntilEmpty(swarmhub);
        if (begin.failures.length > 0) throw new Error(begin.failures.join("; "));
        return begin;
      });
    await run("new homes");
    const cold = await run("cold", () => dropCaches(lab));
    const warm = await run("warm", async () => {
      const { code, stdout, stderr } = await swarmhub("warm");
      if (code !== 0) throw new Error(`swarmhub warm: ${stdout}${stderr}`);
      // A server that was used half a minute after it was ready counts as visited.
      await pause(30_000);
      return stdout.trim();
    });
    if (cold === undefined || warm === undefined) return;
    const figure = (percent: number) => ({
      bench: "P9",
      what: `${count} log in within 10 s to warm JupyterLabs, p${percent}`,
      ours: percentile(warm.times, percent),
      other: { name: "cold", ms: percentile(cold.times, percent) },
    });
    add([figure(50), { ...figure(95), goal: { atMost: 3000 } }]);
  } finally {
    if (!keep) await lab.lab("down");
  }
};

const beginLesson = async (lab: Lab, people: readonly string[]): Promise<Begin> => {
  const browser = await openBrowser(lab);
  const inChromium = people[Math.floor(people.length / 2)];
  const site = siteOf(lab);
  let inBrowser = Number.NaN;
  try {
    const results = await Promise.all(
      people.map(async (user, index): Promise<LoginResult | undefined> => {
        await pause((index * spread) / people.length);
        if (user !== inChromium) return simulateLogin(site, user, { isLab: true });
        const began = Date.now();
        const page = await openJupyterLab(browser, site.address, user, site.password);
        await page.locator(".jp-LauncherCard").first().waitFor({ timeout: 120_000 });
        inBrowser = Date.now() - began;
        return undefined;
      }),
    );
    return { ...crowdOf(results), inBrowser };
  } finally {
    await browser.close();
  }
};

const siteOf = (lab: Lab) => ({ address: `https://${lab.address(1)}`, password: roomPassword });

const crowdOf = (results: readonly (LoginResult | undefined)[]): Crowd => {
  const ends = results.flatMap((each) => each ?? []);
  const until = (stage: "loggedIn" | "ready" | "answered" | "usable") =>
    ends.flatMap(({ started, [stage]: at }) => (at === undefined ? [] : at - started));
  return {
    times: until("usable"),
    stages: { "logged in": until("loggedIn"), ready: until("ready"), answered: until("answered") },
    failures: ends.flatMap(({ user, message, failure }) =>
      message === undefined && failure === undefined ? [] : `${user}: ${message ?? failure}`,
    ),
    load: loadavg()[0] ?? Number.NaN,
  };
};

const describe = (begin: Begin, before?: string): string =>
  [
    ...(before === undefined ? [] : [`- ${before}`]),
    describeCrowd(begin),
    `- the launcher in Chromium, one of them: ${seconds(begin.inBrowser)}`,
  ].join("\n");

const describeCrowd = ({ times, stages, failures, load }: Crowd): string =>
  [
    ...[...Object.entries(stages), ["JupyterLab can be used", times] as const].map(
      ([stage, until]) => `- ${stage}${distribution(until)}`,
    ),
    `- load of the machine at the end: ${load.toFixed(1)}`,
    ...failures.map((each) => `- ${each}`),
  ].join("\n");

const distribution = (until: readonly number[]): string => {
  const figures = (until.length === 1 ? [100] : [50, 95, 100]).map((percent) =>
    seconds(percentile(until, percent)),
  );
  return `${until.length === 1 ? "" : ", p50 / p95 / longest"}: ${figures.join(" / ")}`;
};

const dropCaches = async (lab: Lab): Promise<string> => {
  for (const guest of [1, 2, 3]) await lab.on(guest, "sync; echo 3 >/proc/sys/vm/drop_caches");
  return "nothing of the image in the machines' memory";
};

type Swarmhub = Awaited<ReturnType<typeof workshop>>["swarmhub"];

/** Waits until the hub knows that nobody's server runs. */
const waitUntilEmpty = (swarmhub: Swarmhub): Promise<true> =>
  waitUntil(
    async () => {
      const { code, stdout } = await swarmhub("room", "--json");
      return (code === 0 && (JSON.parse(stdout) as { taken: number }).taken === 0) || undefined;
    },
    { deadline: 300_000, every: 2000, otherwise: () => new Error("servers still run") },
  );

const yamlOf = (lab: Lab): string => `name: ${burstClass}
manager: node1
workers: [node2, node3]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, guarantee: 160M}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
