import { setTimeout as pause } from "node:timers/promises";
import { serviceName, slugOf, userServiceName, userServicePrefix } from "../../src/names.js";
import { serviceLabel } from "../../src/swarm/tasks.js";
import { waitUntil } from "../../src/wait.js";
import type { Lab } from "../e2e/support/lab.js";

const tools = "/opt/storm-bench";
const minute = 60_000;
/** The class of the storm, which its users arrive in. */
export const stormClass = "storm";

/** A user's service: what it is called, and when, in Unix milliseconds, it was made and its container ran. */
export type Started = { name: string; made: number; runs: number | undefined };

/** The hub of a class whose manager is guest 1: whose it is, what it costs, and what it left in the Swarm. */
export type StormHub = {
  /**
   * Puts JupyterHub with the stock SwarmSpawner in its place, with the same proxy, network and image; `patience` is for how many
   * seconds it waits for a server, where that is not as it comes.
   */
  useStock: (patience?: number) => Promise<void>;
  /** Gives the class its own hub back. */
  useOurs: () => Promise<void>;
  /** CPU time of everything in its container, in seconds. */
  seconds: () => Promise<number>;
  /** How many servers the class has room for. */
  seats: () => Promise<number>;
  started: () => Promise<Started[]>;
  /** Two minutes from now: services without a server of the hub's, and servers without a service. */
  ghosts: () => Promise<string[]>;
  /** Removes all users' services, and waits until their containers are gone; the hub finds that out by itself. */
  stopAll: () => Promise<void>;
};

/** That hub; puts what is asked of it on guest 1. */
export const stormHub = async (lab: Lab): Promise<StormHub> => {
  await lab.put(1, "scripts/bench.d", tools);
  const service = serviceName(stormClass, "hub");
  const container = async (): Promise<string> =>
    (await lab.on(1, `docker ps -q --no-trunc -f label=${serviceLabel(service)}`)).trim();
  const names = async (): Promise<string[]> =>
    lines(
      await lab.on(
        1,
        `docker service ls --format '{{.Name}}' | grep -E '^(${userServicePrefix(stormClass)}|jupyter-)' || true`,
      ),
    );
  const users = async (): Promise<string[]> =>
    lines(
      await lab.on(1, `docker exec -i ${await container()} python3 - <${tools}/hub_servers.py`),
    );
  /** Starts the hub anew, and waits for its login page at the front door. */
  const renew = async (command: string): Promise<void> => {
    const before = await container();
    await lab.on(1, `docker service ${command} ${service}`);
    const door = `curl -ksfo /dev/null --max-time 5 https://${lab.address(1)}/hub/login && echo open || true`;
    await waitUntil(
      async () => {
        const now = await container();
        const isNew = /^\w+$/.test(now) && now !== before;
        return isNew && (await lab.on(1, door)) !== "" ? true : undefined;
      },
      { deadline: 3 * minute, every: 1000, otherwise: () => new Error("the hub does not come") },
    );
  };
  return {
    useStock: async (patience) => {
      await lab.on(1, `cp ${tools}/stock_hub.py /var/lib/swarmhub/hub/`);
      const options = ["start_timeout", "http_timeout"].map(
        (name) => ` --Spawner.${name}=${patience}`,
      );
      const more = patience === undefined ? "" : options.join("");
      await renew(`update -d --args "jupyterhub -f /data/stock_hub.py${more}"`);
    },
    // Without arguments it does what its image is for.
    useOurs: () => renew('update -d --args ""'),
    seconds: async () => {
      const group = `$(find /sys/fs/cgroup -type d -name "*${await container()}*" | head -1)`;
      return Number(await lab.on(1, `awk '/^usage_usec/{print $2}' ${group}/cpu.stat`)) / 1e6;
    },
    seats: async () =>
      (JSON.parse(await lab.on(1, "cat /etc/swarmhub/hub.json")) as { seats: number }).seats,
    started: () => started(lab),
    ghosts: async () => {
      // So long is promised, so so long is waited.
      await pause(2 * minute);
      const [known, services] = [await users(), await names()];
      const owned = new Set(known.flatMap(servicesOf));
      return [
        ...services.filter((name) => !owned.has(name)),
        ...known
          .filter((user) => !servicesOf(user).some((name) => services.includes(name)))
          .map((user) => `${user} without a service`),
      ];
    },
    stopAll: async () => {
      const left = await names();
      if (left.length > 0) await lab.on(1, `docker service rm ${left.join(" ")}`);
      await waitUntil(
        async () => {
          const running = await Promise.all(
            [2, 3].map((guest) => lab.on(guest, "docker ps -q -f label=com.docker.swarm.task")),
          );
          return running.every((text) => text === "") ? true : undefined;
        },
        {
          deadline: 4 * minute,
          every: 2000,
          otherwise: () => new Error("the servers' containers do not end"),
        },
      );
    },
  };
};

/** What a user's service is called: by us, and by dockerspawner where the name is plain. */
const servicesOf = (user: string): string[] => [
  userServiceName(stormClass, slugOf(user)),
  `jupyter-${user}`,
];

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

type Service = { ID: string; CreatedAt: string; Spec: { Name: string } };
type Task = {
  ServiceID: string;
  DesiredState: string;
  Status: { State: string; Timestamp: string };
};

const started = async (lab: Lab): Promise<Started[]> => {
  const docker = async (path: string): Promise<unknown> =>
    JSON.parse(
      await lab.on(1, `curl -s --unix-socket /var/run/docker.sock http://docker/${path}`),
    ) as unknown;
  const services = (await docker("services")) as Service[];
  const tasks = ((await docker("tasks")) as Task[]).filter(
    ({ Status }) => Status.State === "running",
  );
  return services.map(({ ID, CreatedAt, Spec }) => {
    const running = tasks.find(({ ServiceID }) => ServiceID === ID);
    return {
      name: Spec.Name,
      made: Date.parse(CreatedAt),
      runs: running && Date.parse(running.Status.Timestamp),
    };
  });
};
