import { mkdir, readFile } from "node:fs/promises";
import { ensureCertificate } from "./certificate.js";
import { installConfiguration, startNginx, surroundings } from "./nginx.js";
import { settingsFrom } from "./settings.js";

// The edge container's program: prepares what nginx needs, runs nginx as its child, and ends when nginx ends.
// SIGHUP prepares again and reloads, which drops no connection. SIGTERM ends gracefully, for some seconds.

const settingsPath = process.argv[2] ?? "/etc/swarmhub/edge.json";
/** How long answers under way may still take at the end. Open websockets would take for ever. */
const graceMilliseconds = 5000;

const main = async (): Promise<void> => {
  const around = await surroundings();
  const file = await prepare(around);
  const nginx = startNginx(file);
  say(`nginx runs with ${file}`);

  let reloading = Promise.resolve();
  process.on("SIGHUP", () => {
    reloading = reloading.then(() =>
      prepare(around).then(
        () => {
          nginx.reload();
          say("reloaded");
        },
        (error: unknown) => say(`not reloaded, nginx goes on as it was: ${reasonOf(error)}`),
      ),
    );
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => nginx.stop(graceMilliseconds));

  // At once: the workers of a killed nginx still hold its log open, which would keep us.
  process.exit(await nginx.ended);
};

const prepare = async (around: Awaited<ReturnType<typeof surroundings>>): Promise<string> => {
  const settings = settingsFrom(await readFile(settingsPath, "utf8"));
  const { folders, domain, address, tls } = settings;
  await mkdir(folders.run, { recursive: true });
  if (tls === "self-signed") {
    await mkdir(folders.certificates, { recursive: true });
    const names = [domain, address].filter((name) => name !== null);
    const { made, why } = await ensureCertificate(folders.certificates, names, new Date());
    if (made) say(`made a self-signed certificate for ${names.join(" and ")}: ${why}`);
  }
  return installConfiguration(settings, around);
};

const say = (text: string): void => {
  process.stderr.write(`edge: ${text}\n`);
};

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

main().catch((error: unknown) => {
  say(reasonOf(error));
  process.exit(1);
});
