import { type ServicePart, labels, serviceName } from "../names.js";

/** The fields of the Docker API's service spec that we set. */
export type ServiceSpec = {
  Name: string;
  Labels: Record<string, string>;
  TaskTemplate: {
    ContainerSpec: Record<string, unknown>;
    RestartPolicy: Record<string, unknown>;
    Placement: { Constraints: string[] };
    Resources?: { Limits: { MemoryBytes: number } };
    Networks: { Target?: string; Aliases?: string[] }[];
    LogDriver: { Name: string; Options: Record<string, string> };
  };
  Mode: { Replicated: { Replicas: number } };
  UpdateConfig: Record<string, unknown>;
  EndpointSpec: Record<string, unknown>;
};

/** The wanted state of one of our services; it runs as one task on the manager. */
export type WantedService = {
  part: ServicePart;
  className: string;
  /** Our image's reference; the spec has its id, so that no task pulls it from a registry. */
  image: string;
  mounts: Record<string, unknown>[];
  /** A hash of the files that it reads at its start; a new hash restarts it. */
  filesHash: string;
  ports?: number[];
  /** The maximum memory of its container, in bytes; by default no limit. */
  memory?: number;
  /** "host" for the machine's own network; by default the class's. */
  network?: "host";
  container?: Record<string, unknown>;
  /** A command that succeeds in the container when the service is ready. Not a HEALTHCHECK, which keeps a task out of DNS for an interval. */
  ready?: string[];
  /** What a restart interrupts, for people who read the plan: "logins pause for about half a minute". */
  restart?: string;
};

const seconds = 1e9;
// Docker counts time in nanoseconds

/** The complete spec but for the id of the network, which only the manager knows; `differences` compares it with Docker's. */
export const serviceSpec = (wanted: WantedService, imageId: string): ServiceSpec => ({
  Name: serviceName(wanted.className, wanted.part),
  Labels: { [labels.class]: wanted.className },
  TaskTemplate: {
    ContainerSpec: {
      Image: imageId,
      Labels: { [labels.class]: wanted.className, [labels.files]: wanted.filesHash },
      Mounts: wanted.mounts,
      Init: true,
      ...wanted.container,
    },
    RestartPolicy: { Condition: "any", Delay: 2 * seconds },
    Placement: { Constraints: ["node.role==manager"] },
    LogDriver: { Name: "json-file", Options: { "max-file": "3", "max-size": "10m" } },
    ...(wanted.memory !== undefined && { Resources: { Limits: { MemoryBytes: wanted.memory } } }),
    // The parts find each other by names without the class's: each class has a network of its own.
    Networks: [wanted.network === "host" ? {} : { Aliases: [wanted.part] }],
  },
  Mode: { Replicated: { Replicas: 1 } },
  // The new task needs the port and the database, which the old one holds.
  UpdateConfig: { Parallelism: 1, Order: "stop-first" },
  EndpointSpec: {
    // DNS returns the task's address; a virtual one would need ip_vs and drop flows idle for 900 s (moby#31208).
    Mode: "dnsrr",
    // Set even if empty, so that a port opened by someone else is closed again.
    Ports: (wanted.ports ?? []).map((port) => ({
      Protocol: "tcp",
      TargetPort: port,
      PublishedPort: port,
      PublishMode: "host",
    })),
  },
});

/**
 * The paths at which `have` differs from `want`. Only the keys of `want` are compared, since Docker adds defaults; lists are
 * compared completely.
 */
export const differences = (want: unknown, have: unknown, path = ""): string[] => {
  if (Array.isArray(want)) {
    const list: unknown[] = Array.isArray(have) ? have : [];
    if (list.length !== want.length) return [path];
    return want.flatMap((value, index) => differences(value, list[index], `${path}[${index}]`));
  }
  if (want !== null && typeof want === "object") {
    const record =
      have !== null && typeof have === "object" ? (have as Record<string, unknown>) : {};
    return Object.entries(want).flatMap(([key, value]) =>
      differences(value, record[key], path === "" ? key : `${path}.${key}`),
    );
  }
  return Object.is(want, have) ? [] : [path];
};
