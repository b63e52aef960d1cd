import { setTimeout as pause } from "node:timers/promises";
import { serviceName, slugOf, userServiceName, userServicePrefix } from "../../src/names.js";
import { serviceLabel } from "../../src/swarm/tasks.js";
import { waitUntil } from "../../src/wait.js";
import type { Lab } from "../e2e/support/lab.js";

const tools = "/opt/login-burst";
const minute = 60_000;
/** The name of the class: the same as of the warm class, because an end-to-end test uses this file too. */
export const burstClass = "warm";

/** A user's service, and the times at which it was created and its container ran, in Unix milliseconds. */
export type ServiceTimes = { name: string; created: number; running: number | undefined };

/** Controls the hub of a class whose manager is guest 1, and reads its costs and its services. */
export type HubInspector = {
  /**
   * Replaces it by JupyterHub with the stock SwarmSpawner, with the same proxy, network and image; `timeout` is the time in
   * seconds that the spawner waits for a server, if not the default.
   */
  useStock: (timeout?: number) => Promise<void>;
  /** Restores the hub of the class. */
  useOurs: () => Promise<void>;
  /** The CPU time of its container, in seconds. */
  cpuSeconds: () => Promise<number>;
  /** The number of seats of the class. */
  seats: () => Promise<number>;
  serviceTimes: () => Promise<ServiceTimes[]>;
  /** Waits two minutes, and returns the services without a server in the hub and the servers without a service. */
  orphans: () => Promise<string[]>;
  /** Removes all users' services, and waits until their containers have ended; the hub notices by itself. */
  stopAll: () => Promise<void>;
};

/** Copies the scripts to guest 1. */
export const hubInspector = async (lab: Lab): Promise<HubInspector> => {
  await lab.put(1, "scripts/bench.d", tools);
  const service = serviceName(burstClass, "hub");
  const container = async (): Promise<string> =>
    (await lab.on(1, `docker ps -q --no-trunc -f label=${serviceLabel(service)}`)).trim();
  const names = async (): Promise<string[]> =>
    lines(
      await lab.on(
        1,
        `docker service ls --format '{{.Name}}' | grep -E '^(${userServicePrefix(burstClass)}|jupyter-)' || true`,
      ),
    );
  const users = async (): Promise<string[]> =>
    lines(
      await lab.on(1, `docker exec -i ${await container()} python3 - <${tools}/hub_servers.py`),
    );
  /** Restarts the hub, and waits for its login page. */
  const restart = async (command: string): Promise<void> => {
    const before = await container();
    await lab.on(1, `docker service ${command} ${service}`);
    const request = `curl -ksfo /dev/null --max-time 5 https://${lab.address(1)}/hub/login && echo yes || true`;
    await waitUntil(
      async () => {
        const now = await container();
        const isNew = /^\w+$/.test(now) && now !== before;
        return isNew && (await lab.on(1, request)) !== "" ? true : undefined;
      },
      { deadline: 3 * minute, every: 1000, otherwise: () => new Error("the hub does not start") },
    );
  };
  return {
    useStock: async (timeout) => {
      await lab.on(1, `cp ${tools}/stock_hub.py /var/lib/swarmhub/hub/`);
      const options = ["start_timeout", "http_timeout"].map(
        (name) => ` --Spawner.${name}=${timeout}`,
      );
      const more = timeout === undefined ? "" : options.join("");
      await restart(`update -d --args "jupyterhub -f /data/stock_hub.py${more}"`);
    },
    // Without arguments the image starts its own command.
    useOurs: () => restart('update -d --args ""'),
    cpuSeconds: async () => {
      const group = `$(find /sys/fs/cgroup -type d -name "*${await container()}*" | head -1)`;
      return Number(await lab.on(1, `awk '/^usage_usec/{print $2}' ${group}/cpu.stat`)) / 1e6;
    },
    seats: async () =>
      (JSON.parse(await lab.on(1, "cat /etc/swarmhub/hub.json")) as { seats: number }).seats,
    serviceTimes: () => readServiceTimes(lab),
    orphans: async () => {
      // swarmhub promises to remove orphans within this time.
      await pause(2 * minute);
      const [servers, services] = [await users(), await names()];
      const owned = new Set(servers.flatMap(servicesOf));
      return [
        ...services.filter((name) => !owned.has(name)),
        ...servers
          .filter((user) => !servicesOf(user).some((name) => services.includes(name)))
          .map((user) => `${user} without a service`),
      ];
    },
    stopAll: async () => {
      const left = await names();
      if (left.length > 0) await lab.on(1, `docker service rm ${left.join(" ")}`);
      await waitUntil(
        async () => {
          // Not those that reserve memory for the system.
          const list =
            "docker ps --format '{{.Names}}' -f label=com.docker.swarm.task | grep -v -- -reserve || true";
          const running = await Promise.all([2, 3].map((guest) => lab.on(guest, list)));
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

/** The names of a user's service: ours, and the one of dockerspawner for a plain user name. */
const servicesOf = (user: string): string[] => [
  userServiceName(burstClass, slugOf(user)),
  `jupyter-${user}`,
];

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

type Service = { ID: string; CreatedAt: string; Spec: { Name: string } };
type Task = {
  ServiceID: string;
  DesiredState: string;
  Status: { State: string; Timestamp: string };
};

const readServiceTimes = async (lab: Lab): Promise<ServiceTimes[]> => {
  const docker = async (path: string): Promise<unknown> =>
    JSON.parse(
      await lab.on(1, `curl -s --unix-socket /var/run/docker.sock http://docker/${path}`),
    ) as unknown;
  const services = (await docker("services")) as Service[];
  const tasks = ((await docker("tasks")) as Task[]).filter(
    ({ Status }) => Status.State === "running",
  );
  return services.map(({ ID, CreatedAt, Spec }) => {
    const task = tasks.find(({ ServiceID }) => ServiceID === ID);
    return {
      name: Spec.Name,
      created: Date.parse(CreatedAt),
      running: task && Date.parse(task.Status.Timestamp),
    };
  });
};
