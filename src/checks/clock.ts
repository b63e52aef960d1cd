import type { Host } from "../host/host.js";
import type { Check, CheckContext, Finding } from "./check.js";

const allowed = 5000;
// milliseconds

/** How far a machine's clock is ahead of ours, and how wrong that may be by the time the answer took; in milliseconds. */
type Reading = { host: Host; ahead: number; within: number };

/** The machines agree on the time: where they do not, Swarm says only that a certificate is not valid (moby#25112). */
export const clock: Check = {
  name: "clock",
  run: async (context) => {
    const readings = await Promise.all(
      context.cluster.hosts.map((host) => readingOf(host, context)),
    );
    // Our own clock has a voice too: of two machines alone nobody could say which one is wrong.
    const voices = [0, ...readings.map(({ ahead }) => ahead)].toSorted((one, other) => one - other);
    const alone = readings.length === 1;
    const agreed = alone ? 0 : (voices[Math.floor(voices.length / 2)] ?? 0);
    const wrong = readings.filter(
      ({ ahead, within }) => Math.abs(ahead - agreed) > allowed + within,
    );
    if (wrong.length > 0)
      return wrong.map(({ host, ahead }) => finding(host, ahead - agreed, alone));
    return alone
      ? []
      : [{ level: "ok", text: `all clocks agree within ${seconds(spread(readings))} s` }];
  },
};

const readingOf = async (host: Host, { world }: CheckContext): Promise<Reading> => {
  const asked = world.now();
  const answer = Number(await host.run(["date", "+%s%3N"], { timeout: 15_000 }));
  const answered = world.now();
  return {
    host,
    ahead: answer - (asked + answered) / 2,
    within: (answered - asked) / 2,
  };
};

const finding = (host: Host, by: number, alone: boolean): Finding => {
  const others = alone
    ? "yours; one of the two is wrong"
    : "the other machines'; Swarm's certificates allow no more than a few";
  const text = `its clock is ${seconds(Math.abs(by))} s ${by > 0 ? "ahead of" : "behind"} ${others}`;
  const hint = `on ${host.name}: \`sudo apt-get install systemd-timesyncd\`, or by hand \`sudo date -s …\``;
  return { host: host.name, level: alone ? "warning" : "error", text, hint };
};

const spread = (readings: readonly Reading[]): number => {
  const all = readings.map(({ ahead }) => ahead);
  return Math.max(...all) - Math.min(...all);
};

const seconds = (milliseconds: number): string =>
  milliseconds < 10_000
    ? (milliseconds / 1000).toFixed(1)
    : String(Math.round(milliseconds / 1000));
