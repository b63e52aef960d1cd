import { readFileSync } from "node:fs";
import type { Cluster } from "../../src/cluster/cluster.js";
import type { Bytes, Config, Milliseconds, PersistentStorage } from "../../src/config/types.js";
import type { Docker } from "../../src/docker/client.js";
import { CommandError, type Output, UserError } from "../../src/errors.js";
import type { Facts } from "../../src/host/facts.js";
import { factsFrom } from "../../src/host/facts/parse.js";
import type { Host } from "../../src/host/host.js";
import type { Event, Report } from "../../src/reconcile/event.js";

/** The answer of a fake host: its stdout, a whole output, or a function of the command. */
type Answer = string | Partial<Output> | ((command: string) => string | Partial<Output>);

/** A host without a machine. `asked` records its calls: "run argv…", "script text", "write path". */
export type FakeHost = Host & {
  asked: string[];
  /** The content of each written file by its path. */
  files: Map<string, string>;
  forgotten: number;
};

/** The answers of a fake host. The first one whose text is in the command, or whose pattern matches it, is used. */
export type FakeHostOptions = {
  answers?: readonly (readonly [RegExp | string, Answer])[];
  facts?: Facts | (() => Facts);
  docker?: Partial<Docker>;
};

/** A host that throws an error with its name at an unexpected call. */
export const fakeHost = (name: string, options: FakeHostOptions = {}): FakeHost => {
  const { answers = [], facts, docker = {} } = options;
  const asked: string[] = [];
  const files = new Map<string, string>();
  const answer = async (kind: string, text: string): Promise<string> => {
    asked.push(`${kind} ${text}`);
    const found = answers.find(([key]) =>
      typeof key === "string" ? text.includes(key) : key.test(text),
    );
    if (found === undefined)
      throw new Error(`unexpected call of fake host ${name}: ${kind} ${text}`);
    const result = typeof found[1] === "function" ? found[1](text) : found[1];
    const output: Output = {
      code: 0,
      stdout: "",
      stderr: "",
      ...(typeof result === "string" ? { stdout: result } : result),
    };
    if (output.code !== 0) throw new CommandError(name, text, output);
    return output.stdout;
  };
  const host: FakeHost = {
    name,
    asked,
    files,
    forgotten: 0,
    docker: withMembers(`fake host ${name}: docker`, docker) as Docker,
    run: (argv) => answer("run", argv.join(" ")),
    script: (text) => answer("script", text),
    write: async (path, content) => {
      asked.push(`write ${path}`);
      files.set(path, typeof content === "string" ? content : Buffer.from(content).toString());
    },
    remember: (_key, read) => read(),
    facts: async () => {
      if (facts === undefined) throw new Error(`fake host ${name} has no facts`);
      return typeof facts === "function" ? facts() : facts;
    },
    forget: () => {
      host.forgotten += 1;
    },
    close: async () => {},
  };
  return host;
};

/** A valid configuration with changes. */
export const fakeConfig = (changes: Partial<Config> = {}): Config => ({
  name: "geo-101",
  otherNames: [],
  subdomains: false,
  manager: { destination: "manager" },
  workers: [],
  storage: {
    kind: "persistent",
    backing: { kind: "device", path: "/dev/vdb" },
    quota: { default: (5 * 2 ** 30) as Bytes, groups: {} },
    files: 200_000,
    trashDays: 30,
  },
  tls: { kind: "self-signed" },
  login: {
    method: { kind: "shared-password", password: { kind: "generated" } },
    remember: 43_200_000 as Milliseconds,
    admins: ["ada"],
    teachers: [],
    adminsMayEnter: false,
    groups: {},
    groupServers: {},
    services: [],
  },
  servers: {
    image: "quay.io/jupyter/scipy-notebook:2026-11-02",
    strategy: "spread",
    memory: (2 ** 30) as Config["servers"]["memory"],
    cpu: 1,
    images: [],
    network: { access: "open", except: [] },
    start: "/lab",
    environment: {},
    secrets: {},
    files: [],
  },
  registries: {},
  usesSystemSsh: false,
  swarm: { encrypted: false },
  engine: { registryMirrors: [] },
  ...changes,
});

/** The machines of a class in the order of `connectCluster`. By default the manager has the storage. */
export const fakeCluster = <H extends Host>(
  manager: H,
  workers: readonly H[] = [],
  {
    storage = manager,
    config = {},
    secrets = new Map(),
  }: { storage?: H; config?: Partial<Config>; secrets?: ReadonlyMap<string, string> } = {},
): Cluster & { manager: H; workers: readonly H[]; hosts: readonly H[] } => ({
  config: fakeConfig({
    workers: workers.map(({ name }) => ({ destination: name })),
    ...config,
  }),
  secrets,
  manager,
  workers,
  storage: config.storage?.kind === "temporary" ? undefined : storage,
  hosts: [...new Set([manager, ...workers, storage])],
  nodes: [manager, ...workers],
  seatHosts: workers.length === 0 ? [manager] : workers,
});

/** The facts of a blank Debian 13 guest, with changes. */
export const fakeFacts = (changes: Partial<Facts> = {}): Facts => ({
  ...factsFrom(readFileSync("test/fixtures/facts-debian-13.txt", "utf8")),
  ...changes,
});

/** Persistent storage, with changes. */
export const persistentStorage = (changes: Partial<PersistentStorage> = {}): PersistentStorage => ({
  ...(fakeConfig().storage as PersistentStorage),
  ...changes,
});

/** A class of a manager at 10.0.0.1 and a worker at 10.0.0.2, both with a running Docker. */
export const twoMachines = (
  docker: (name: string) => Partial<Docker>,
  answers: FakeHostOptions["answers"] = [],
): Cluster => {
  const host = (name: string, address: string) =>
    fakeHost(name, {
      answers,
      docker: docker(name),
      facts: fakeFacts({
        machineId: `id-${name}`,
        units: { "docker.service": "active" },
        addresses: [{ device: "eth0", address, prefix: 24, mtu: 1500 }],
      }),
    });
  return fakeCluster(host("manager", "10.0.0.1"), [host("worker", "10.0.0.2")]);
};

/** A report that records its events. */
export const fakeReport = (): Report & { events: Event[] } => {
  const events: Event[] = [];
  return { events, event: (event) => void events.push(event), close: () => {} };
};

/** A clock that advances by `tick` milliseconds at each call. */
export const fakeClock = (tick = 1): (() => number) => {
  let now = 0;
  return () => (now += tick);
};

/** The UserError that the work rejects with; anything else is an error. */
export const userError = async (work: Promise<unknown>): Promise<UserError> => {
  const error: unknown = await work.then(
    () => new Error("there was no error"),
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error;
  throw new Error("expected a UserError", { cause: error });
};

/** Waits for a condition for up to 10,000 turns of the event loop. */
export const eventually = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 10_000; turn += 1) {
    if (condition()) return;
    await new Promise(setImmediate);
  }
  throw new Error("the condition did not become true");
};

/** An object with these members; any other one throws an error with its name. */
const withMembers = (name: string, members: object): object =>
  new Proxy(members, {
    get: (target, key) => {
      if (key in target) return Reflect.get(target, key) as unknown;
      if (typeof key === "symbol" || key === "then" || key === "toJSON") return undefined;
      throw new Error(`unexpected use of ${name}.${key}`);
    },
  });
