import type { ExecutionContext } from "ava";
import { waitUntil } from "../../../src/wait.js";
import type { CommandResult, Lab } from "./lab.js";
import { type User, logInWithRetry } from "./user.js";

/** The results of polling a user's server: the failed requests, the number of requests, and the slowest answer in milliseconds. */
export type PollResult = { failures: string[]; requests: number; slowest: number };

/** A command that prints the id of the service of a user's server, in a class of any name. */
const serviceOf = (user: string): string =>
  `$(docker service ls -q -f label=swarmhub.user=${user})`;

/** A running class in a lab, with node1 as its manager: its users, their servers and their homes. */
export const classIn = (lab: Lab) => {
  const address = `https://${lab.reachableAddress(1)}`;
  const nodeOf = (user: string): Promise<string> =>
    waitUntil(
      async () => {
        const list = `docker service ps -f desired-state=running --format '{{.Node}} {{.CurrentState}}' ${serviceOf(user)}`;
        return /^(node\d) Running/m.exec(await lab.on(1, `${list} 2>/dev/null || true`))?.[1];
      },
      { deadline: 120_000, every: 1000, otherwise: () => new Error(`${user} has no server`) },
    );
  /** The nodes, each with its status and availability. */
  const nodes = async (): Promise<string[]> =>
    (await lab.on(1, "docker node ls --format '{{.Hostname}} {{.Status}} {{.Availability}}'"))
      .trim()
      .split("\n")
      .toSorted();
  return {
    logIn: (user: string): Promise<User> => logInWithRetry(address, user),
    /** Waits until a user's server runs, and returns its node. */
    nodeOf,
    /** The id of the container of a user's server. */
    containerOf: async (user: string): Promise<string> =>
      (await lab.on(guestOf(await nodeOf(user)), `docker ps -q -f 'name=nb-${user}\\.'`)).trim(),
    /** The hash of each file in the homes, without hidden files, which servers write by themselves, and without the file `except`. */
    hashes: (except = "-"): Promise<string> =>
      lab.on(
        1,
        `cd /srv/swarmhub/homes && find . -type f ! -path '*/.*' ! -name '${except}' -exec sha256sum {} + | sort -k2`,
      ),
    /** Waits until a user is in the queue, because all seats are taken. */
    waitUntilQueued: (user: string): Promise<true> =>
      waitUntil(
        async () => {
          const list = `docker service ps --no-trunc --format '{{.Error}}' ${serviceOf(user)} 2>/dev/null || true`;
          return (await lab.on(1, list)).includes("insufficient resources") ? true : undefined;
        },
        { deadline: 120_000, otherwise: () => new Error(`${user} is not in the queue`) },
      ),
    nodes,
    /** Waits until the manager lists a node as down. */
    waitUntilDown: (node: string): Promise<true> =>
      waitUntil(
        async () =>
          (await nodes()).some((line) => line.startsWith(`${node} Down `)) ? true : undefined,
        // Swarm waits for three heartbeats (src/pieces/swarm/heartbeat.ts).
        { deadline: 240_000, otherwise: () => new Error(`${node} is not listed as down`) },
      ),
  };
};

/** The number of the guest with this node name. */
export const guestOf = (node: string): number => Number(node.replace("node", ""));

/** Polls a user's server through the edge, until it is told to stop or the test ends; `interval` in milliseconds. */
export const pollServer = async (
  t: ExecutionContext,
  user: User,
  name: string,
  interval = 500,
): Promise<() => Promise<PollResult>> => {
  // The first request also logs in at the server.
  await user.readPage(`/user/${name}/lab`);
  const result: PollResult = { failures: [], requests: 0, slowest: 0 };
  let isOver = false;
  const polling = (async () => {
    while (!isOver) {
      const started = performance.now();
      const answer = await user.readPage(`/user/${name}/api/status`).catch(String);
      result.requests += 1;
      result.slowest = Math.max(result.slowest, Math.round(performance.now() - started));
      if (!answer.includes('"kernels"')) result.failures.push(answer.slice(0, 200));
      await new Promise((next) => void setTimeout(next, interval));
    }
  })();
  const stop = async (): Promise<PollResult> => {
    isOver = true;
    await polling;
    return result;
  };
  t.teardown(stop);
  return stop;
};

/** Waits until `swarmhub status` finds no drift; throws its output after five minutes. */
export const waitForNoDrift = async (
  swarmhub: (...argv: string[]) => Promise<CommandResult>,
): Promise<void> => {
  let last = "";
  await waitUntil(
    async () => {
      const { code, stdout, stderr } = await swarmhub("status");
      last = stdout + stderr;
      return code === 0 ? true : undefined;
    },
    { deadline: 300_000, every: 5000, otherwise: () => new Error(last) },
  );
};
