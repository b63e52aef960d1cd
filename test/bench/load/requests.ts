import { setTimeout as pause } from "node:timers/promises";
import { type LoadClient, createClient } from "./client.js";
import { type Load, type PageRequest, type Rates, rates, startMeasurement } from "./result.js";

/** Each connection sends the next request as soon as the previous one is answered. */
export const atOnce = (load: Load & { kind: "at once" }): Promise<Rates> =>
  withOpenConnections(load, async ({ send }) => {
    const started = startMeasurement();
    const end = started.at + load.seconds * 1000;
    const times: number[] = [];
    await Promise.all(
      Array.from({ length: load.connections }, async () => {
        while (performance.now() < end) times.push(await send(load));
      }),
    );
    return rates(times, started);
  });

/** Requests at a fixed rate, even if earlier ones are not answered yet: a slow site gets no fewer requests. */
export const paced = (load: Load & { kind: "paced" }): Promise<Rates> =>
  withOpenConnections(load, async ({ send }) => {
    const started = startMeasurement();
    const times = await Promise.all(
      Array.from({ length: load.perSecond * load.seconds }, async (_, number) => {
        const at = started.at + (number * 1000) / load.perSecond;
        await pause(Math.max(0, at - performance.now()));
        return send(load);
      }),
    );
    return rates(times, started);
  });

/** One connection after the other, each for one request; the time includes the connection. */
export const connections = async (load: Load & { kind: "connections" }): Promise<Rates> => {
  const once = load.isResumed ? "resume" : "new";
  const { send, close } = createClient(load.site, { connections: 1, once });
  try {
    await send(load);
    const started = startMeasurement();
    const times: number[] = [];
    for (let number = 0; number < load.count; number += 1) times.push(await send(load));
    return rates(times, started);
  } finally {
    close();
  }
};

/** Opens all connections before the measurement. */
const withOpenConnections = async (
  load: { connections: number } & PageRequest,
  measure: (client: LoadClient) => Promise<Rates>,
): Promise<Rates> => {
  const client = createClient(load.site, { connections: load.connections });
  try {
    await Promise.all(Array.from({ length: load.connections }, () => client.send(load)));
    return await measure(client);
  } finally {
    client.close();
  }
};
