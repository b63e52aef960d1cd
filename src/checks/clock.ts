import type { Host } from "../host/host.js";
import type { Check, CheckContext, Finding } from "./check.js";

const allowed = 5000;
// milliseconds

/** How far a machine's clock is ahead of ours, and the uncertainty from the round trip; in milliseconds. */
type Reading = { host: Host; ahead: number; uncertainty: number };

/** The machines' clocks agree; otherwise Swarm only reports an invalid certificate (moby#25112). */
export const clock: Check = {
  name: "clock",
  run: async (context) => {
    const readings = await Promise.all(
      context.cluster.hosts.map((host) => readingOf(host, context)),
    );
    // Our own clock counts too: with only two machines there would be no majority.
    const clocks = [0, ...readings.map(({ ahead }) => ahead)].toSorted((one, other) => one - other);
    const alone = readings.length === 1;
    const median = alone ? 0 : (clocks[Math.floor(clocks.length / 2)] ?? 0);
    const wrong = readings.filter(
      ({ ahead, uncertainty }) => Math.abs(ahead - median) > allowed + uncertainty,
    );
    if (wrong.length > 0)
      return wrong.map(({ host, ahead }) => finding(host, ahead - median, alone));
    return alone
      ? []
      : [{ level: "ok", text: `all clocks agree within ${seconds(spread(readings))} s` }];
  },
};

const readingOf = async (host: Host, { operator }: CheckContext): Promise<Reading> => {
  const sent = operator.now();
  const answer = Number(await host.run(["date", "+%s%3N"], { timeout: 15_000 }));
  const received = operator.now();
  return {
    host,
    ahead: answer - (sent + received) / 2,
    uncertainty: (received - sent) / 2,
  };
};

const finding = (host: Host, by: number, alone: boolean): Finding => {
  const others = alone
    ? "yours; one of the two is wrong"
    : "the other machines'; Swarm's certificates tolerate only a few seconds";
  const text = `its clock is ${seconds(Math.abs(by))} s ${by > 0 ? "ahead of" : "behind"} ${others}`;
  const hint = `synchronise it, on ${host.name}: \`sudo apt-get install systemd-timesyncd\`, or set it: \`sudo date -s …\``;
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
