import type { Cluster } from "../cluster.js";
import type { Host } from "../host.js";

/** A TCP port that something listens on, with what listens. */
export type Listener = { port: number; program: string };

/** What listens on each machine. No part of the facts: who it is takes a look at every process. */
export const inspectListening = async ({
  hosts,
}: Cluster): Promise<(host: Host) => readonly Listener[]> => {
  const looks = new Map(
    await Promise.all(hosts.map(async (host) => [host, await listeningOn(host)] as const)),
  );
  return (host) => looks.get(host) ?? [];
};

const listeningOn = async (host: Host): Promise<Listener[]> => {
  const answer = await host.run(["ss", "-Hltnp"], { timeout: 15_000 });
  return answer.split("\n").flatMap((line) => {
    const [, port] = /:(\d+)\s/.exec(line) ?? [];
    const [, program = "a program"] = /\(\("([^"]+)"/.exec(line) ?? [];
    return port === undefined ? [] : [{ port: Number(port), program }];
  });
};
