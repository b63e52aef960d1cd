import type { HostConfig } from "../config/types.js";
import { type UserError, exitCode } from "../errors.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { labels } from "../names.js";
import { quote } from "../text/shell.js";
import { networkOf, overlap } from "./ipv4.js";

/** A worker that could not be reached. `host` stands for it, where the manager's list of nodes has its address. */
export type LostMachine = { destination: string; error: UserError; host: Host | undefined };

/** What to do about it. */
export const lostHint = (destinations: readonly string[]): string =>
  `if ${destinations.length === 1 ? "the machine is" : "these machines are"} dead: \`swarmhub leave --gone ${destinations.map(quote).join(" ")}\``;

/** Why it is not there, as a sentence, and what to do; only a machine that the manager knows can be removed from the class. */
export const lostText = ({
  destination,
  error,
  host,
}: LostMachine): { text: string; hint?: string } => {
  const hints = [error.hint, host && lostHint([destination])].filter(Boolean);
  return {
    text: `cannot be reached: ${error.reason}`,
    ...(hints.length > 0 && { hint: hints.join("\n") }),
  };
};

/** Whether a command that reads may go on without a machine: it is no answer of the machine itself. */
export const isUnreachable = (error: unknown): error is UserError =>
  (error as Partial<UserError>).code === exitCode.unreachable;

/**
 * A host in place of a lost worker, with its address, memory and cores from the manager's list of nodes; undefined where it is
 * not listed. Without it the other machines would seem to have wrong firewalls, exports and nodes. All of its commands fail.
 */
export const standInFor = async (
  manager: Host,
  { destination, address }: HostConfig,
  error: UserError,
): Promise<Host | undefined> => {
  const { membership, ...facts } = await manager.facts();
  if (membership?.manages !== true) return undefined;
  const nodes = (await manager.docker.listNodes()) as Node[];
  const node = nodes.find(({ Spec }) => Spec.Labels?.[labels.host] === destination);
  const known = address ?? node?.Status.Addr;
  if (node === undefined || known === undefined) return undefined;
  const fail = (): Promise<never> => Promise.reject(error);
  return {
    name: destination,
    run: fail,
    script: fail,
    write: fail,
    docker: new Proxy({} as Host["docker"], {
      get: () => {
        throw error;
      },
    }),
    remember: (_key, inspect) => inspect(),
    facts: async () => factsOf(node, known, facts),
    forget: () => {},
    close: async () => {},
  };
};

type Node = {
  ID: string;
  Spec: { Labels?: Record<string, string> };
  Description: { Hostname: string; Resources?: { MemoryBytes?: number; NanoCPUs?: number } };
  Status: { Addr: string };
};

/** As of a machine like the manager on which nothing is installed, since no step is planned for it. */
const factsOf = (
  { ID, Spec, Description }: Node,
  address: string,
  { system, kernel, addresses }: Omit<Facts, "membership">,
): Facts => {
  const beside = addresses.find((card) => overlap(networkOf(card), `${address}/32`));
  const { device, prefix, mtu } = beside ?? { device: "eth0", prefix: 32, mtu: 1500 };
  return {
    machineId: Spec.Labels?.[labels.machine] ?? "",
    hostName: Description.Hostname,
    system,
    kernel,
    memory: Description.Resources?.MemoryBytes ?? 0,
    processors: (Description.Resources?.NanoCPUs ?? 0) / 1e9,
    addresses: [{ device, address, prefix, mtu }],
    routes: [{ destination: "default", device }],
    disks: [],
    mounts: [],
    freeForHomes: Number.MAX_SAFE_INTEGER,
    dockerDisks: [],
    dockerHolds: [],
    packages: {},
    heldPackages: [],
    hasDockerCommand: true,
    otherDockers: [],
    files: {},
    secretHashes: {},
    certificates: [],
    givenHashes: {},
    firewall: [],
    firewall6: [],
    hasLostDockerRules: false,
    ipv6: false,
    state: [],
    units: {},
    membership: { state: "active", nodeId: ID, manages: false },
    missingModules: [],
    xfsFeatures: "",
    quotaState: "",
  };
};
