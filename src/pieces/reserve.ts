import type { Cluster } from "../cluster/cluster.js";
import { reserved } from "../cluster/seats.js";
import { ifExists } from "../docker/client.js";
import type { Host } from "../host/host.js";
import { inspectUserImages } from "../images/built.js";
import { isUnknown } from "../images/pulled.js";
import { labels, reserveNames } from "../names.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { classServices } from "../swarm/list.js";
import { createInSwarm, updateService } from "../swarm/retry.js";
import { differences } from "../swarm/service-spec.js";
import { serviceLabel, waitUntilGone } from "../swarm/tasks.js";
import { formatSize } from "../text/format.js";
import { waitUntil } from "../wait.js";

type Part = keyof typeof reserved;
type Present = { ID: string; Spec: { Name: string } };
type State = {
  /** The services that are in Docker. */
  present: readonly Present[];
  /** An image that every machine with seats has; undefined if the folder to build it from has an error. */
  image: string | undefined;
};

const parts: readonly Part[] = ["system", "hubAndProxy"];
const where: Record<Part, string> = {
  system: "on each machine that takes users, for its system",
  hubAndProxy: "on a manager that takes users, for the hub and the proxy",
};

/**
 * Keeps memory free on machines with seats: by services with one sleeping container on each. Swarm fills machines by reservations alone, and
 * the memory of a node is not settable. The hub has no reservation of its own: while it restarts, Swarm could give that to a waiting user's
 * server, and the hub of a full class would not start.
 */
export const reserve: Piece<State> = {
  name: "reserve",
  inspect: async (cluster) => {
    const [services, [first]] = await Promise.all([
      classServices(cluster),
      inspectUserImages(cluster),
    ]);
    const names = Object.values(reserveNames(cluster.config.name));
    return {
      present: services.filter(({ Spec }) => names.includes(Spec.Name)),
      image: first === undefined || isUnknown(first) ? undefined : first.wanted,
    };
  },
  plan: ({ name }, { present, image }, cluster) =>
    image === undefined
      ? []
      : parts.flatMap((part) => partSteps(cluster, part, specOf(name, part, image), present)),
  remove: ({ present }, cluster) => (present.length === 0 ? [] : [removeStep(present, cluster)]),
};

type Spec = ReturnType<typeof specOf>;

const partSteps = (
  { manager, seatHosts }: Cluster,
  part: Part,
  spec: Spec,
  all: readonly Present[],
): Step[] => {
  const present = all.find(({ Spec }) => Spec.Name === spec.Name);
  const title = `reserve ${formatSize(reserved[part])} of memory`;
  if (present === undefined) {
    const run = () => createInSwarm(() => manager.docker.createService(spec as never));
    return [{ host: manager, title, detail: where[part], run }];
  }
  const differs = differences(spec, present.Spec);
  if (differs.length === 0) return [];
  const { Image: image } = spec.TaskTemplate.ContainerSpec;
  const run = async () => {
    await updateService(manager, present.ID, spec);
    await Promise.all(seatHosts.map((host) => removeFormer(host, spec.Name, image)));
  };
  return [{ host: manager, title, detail: differs.join(", "), run }];
};

/**
 * Removes the containers that an update of the service has ended on a machine, after at most a minute: Swarm keeps the last five of them, and
 * with them each image of users' servers that is not used any more.
 */
const removeFormer = async ({ docker }: Host, service: string, image: string): Promise<void> => {
  await waitUntil(
    async () => {
      const all = await docker.listContainers({
        all: true,
        filters: { label: [serviceLabel(service)] },
      });
      const former = all.filter(({ Image }) => Image !== image);
      for (const { Id, State } of former)
        if (State === "exited" || State === "dead")
          await ifExists(docker.getContainer(Id).remove());
      return former.length === 0 || undefined;
    },
    { deadline: 60_000, every: 300, otherwise: () => new Error("a former container still runs") },
  ).catch(() => undefined); // The next change of the image removes it.
};

const removeStep = (present: readonly Present[], { manager, nodes }: Cluster): Step => ({
  host: manager,
  title: "stop reserving memory",
  run: async () => {
    for (const { ID } of present) await ifExists(manager.docker.getService(ID).remove());
    await Promise.all(
      nodes.map(async (host) => {
        const { units } = await host.facts();
        if (units["docker.service"] !== "active") return;
        for (const { Spec } of present) await waitUntilGone(host, [serviceLabel(Spec.Name)]);
      }),
    );
  },
});

/** The image is one of users' servers, since every machine with seats has it: our own images are only on the manager. */
const specOf = (className: string, part: Part, image: string) => ({
  Name: reserveNames(className)[part],
  Labels: { [labels.class]: className },
  TaskTemplate: {
    ContainerSpec: {
      Image: image,
      Command: ["sleep", "infinity"],
      User: "65534:65534",
      Labels: { [labels.class]: className },
      // So that it ends at once: as the first process, sleep would ignore the signal for 10 s.
      Init: true,
      Healthcheck: { Test: ["NONE"] },
    },
    Resources: { Reservations: { MemoryBytes: reserved[part] } },
    Placement: {
      Constraints: [
        `node.labels.${labels.users}==true`,
        ...(part === "hubAndProxy" ? ["node.role==manager"] : []),
      ],
    },
  },
  Mode: { Global: {} },
});
