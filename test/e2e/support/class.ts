import { waitUntil } from "../../../src/wait.js";
import type { Lab } from "./lab.js";
import { type Person, arrive } from "./user.js";

/** What came of asking somebody's server again and again: what did not answer, how often it was asked, and the slowest answer in milliseconds. */
export type Watched = { failures: string[]; asked: number; slowest: number };

/** A class that is up in a lab, its manager node1: its people, their servers and their homes. */
export const classIn = (lab: Lab) => {
  const address = `https://${lab.reachedAt(1)}`;
  const nodeOf = (user: string): Promise<string> =>
    waitUntil(
      async () => {
        const list = `docker service ps -f desired-state=running --format '{{.Node}} {{.CurrentState}}' nb-${user}`;
        return /^(node\d) Running/m.exec(await lab.on(1, `${list} 2>/dev/null || true`))?.[1];
      },
      { deadline: 120_000, every: 1000, otherwise: () => new Error(`${user} has no server`) },
    );
  /** The nodes as the manager lists them, with status and availability. */
  const nodes = async (): Promise<string[]> =>
    (await lab.on(1, "docker node ls --format '{{.Hostname}} {{.Status}} {{.Availability}}'"))
      .trim()
      .split("\n")
      .toSorted();
  return {
    /** Logs somebody in. */
    arrive: (user: string): Promise<Person> => arrive(address, user),
    /** The node on which somebody's server runs, waited for. */
    nodeOf,
    /** The id of the container of somebody's server. */
    containerOf: async (user: string): Promise<string> =>
      (await lab.on(guestOf(await nodeOf(user)), `docker ps -q -f 'name=nb-${user}\\.'`)).trim(),
    /** The hash of every file in the homes, but for those that servers write by themselves; `but` is left out too. */
    hashes: (but = "-"): Promise<string> =>
      lab.on(
        1,
        `cd /srv/swarmhub/homes && find . -type f ! -path '*/.*' ! -name '${but}' -exec sha256sum {} + | sort -k2`,
      ),
    /** Waits until somebody stands in line, since all seats are taken. */
    waitsInLine: (user: string): Promise<true> =>
      waitUntil(
        async () => {
          const list = `docker service ps --no-trunc --format '{{.Error}}' nb-${user} 2>/dev/null || true`;
          return (await lab.on(1, list)).includes("insufficient resources") ? true : undefined;
        },
        { deadline: 120_000, otherwise: () => new Error(`${user} does not wait in line`) },
      ),
    nodes,
    /** Waits until the manager knows that a node is down. */
    goesDown: (node: string): Promise<true> =>
      waitUntil(
        async () =>
          (await nodes()).some((line) => line.startsWith(`${node} Down `)) ? true : undefined,
        { deadline: 120_000, otherwise: () => new Error(`nobody notices that ${node} is dead`) },
      ),
  };
};

/** The number of the guest of that name. */
export const guestOf = (node: string): number => Number(node.replace("node", ""));

/** Asks somebody's server through the front door every so many milliseconds, until told to stop. */
export const watch = async (person: Person, user: string, every = 500) => {
  // The first visit logs in there too.
  await person.read(`/user/${user}/lab`);
  const watched: Watched = { failures: [], asked: 0, slowest: 0 };
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const begun = performance.now();
      const answer = await person.read(`/user/${user}/api/status`).catch(String);
      watched.asked += 1;
      watched.slowest = Math.max(watched.slowest, Math.round(performance.now() - begun));
      if (!answer.includes('"kernels"')) watched.failures.push(answer.slice(0, 200));
      await new Promise((next) => void setTimeout(next, every));
    }
  })();
  return async (): Promise<Watched> => {
    isOver = true;
    await watching;
    return watched;
  };
};
