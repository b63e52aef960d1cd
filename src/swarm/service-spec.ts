/** A Swarm service as the Docker API takes it: only what we set, the network and the image's id aside. */
export type ServiceSpec = {
  Name: string;
  Labels: Record<string, string>;
  TaskTemplate: {
    ContainerSpec: Record<string, unknown>;
    RestartPolicy: Record<string, unknown>;
    Placement: { Constraints: string[] };
    LogDriver: { Name: string; Options: Record<string, string> };
  };
  Mode: { Replicated: { Replicas: number } };
  UpdateConfig: Record<string, unknown>;
  EndpointSpec: Record<string, unknown>;
};

/** What we ask of a service of ours; it runs on the manager, one task. */
export type WantedService = {
  name: string;
  className: string;
  /** Our image's reference; the service names it by id, so that no task asks a registry for it. */
  image: string;
  mounts: Record<string, unknown>[];
  /** A hash of the files that it reads at its start: with another one it starts anew. */
  filesHash: string;
  ports?: number[];
  /** "host": the machine's own network instead of the class's. */
  network?: "host";
  container?: Record<string, unknown>;
  /** A command that succeeds inside the container once it does its work. No HEALTHCHECK: that keeps a task out of DNS for a whole interval. */
  ready?: string[];
  /** How long it may take until it runs, in milliseconds. */
  patience?: number;
};

const seconds = 1e9;
// Docker counts time in nanoseconds

/** The whole of it; `differences` compares it with what Docker has. */
export const serviceSpec = (wanted: WantedService, imageId: string): ServiceSpec => ({
  Name: wanted.name,
  Labels: { "swarmhub.class": wanted.className },
  TaskTemplate: {
    ContainerSpec: {
      Image: imageId,
      Labels: { "swarmhub.class": wanted.className, "swarmhub.files": wanted.filesHash },
      Mounts: wanted.mounts,
      Init: true,
      ...wanted.container,
    },
    RestartPolicy: { Condition: "any", Delay: 2 * seconds },
    Placement: { Constraints: ["node.role==manager"] },
    LogDriver: { Name: "json-file", Options: { "max-file": "3", "max-size": "10m" } },
  },
  Mode: { Replicated: { Replicas: 1 } },
  // The new task needs what the old one holds: the port, the database.
  UpdateConfig: { Parallelism: 1, Order: "stop-first" },
  EndpointSpec: {
    // An address of the task, not a virtual one, which would need ip_vs and drops flows idle for 900 s (moby#31208).
    Mode: "dnsrr",
    // An empty list too is compared, so that a port that somebody opened is closed again.
    Ports: (wanted.ports ?? []).map((port) => ({
      Protocol: "tcp",
      TargetPort: port,
      PublishedPort: port,
      PublishMode: "host",
    })),
  },
});

/**
 * Where `have` differs from what we want, as paths. Only what `want` names is compared, since Docker fills in defaults;
 * lists are compared whole.
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
