import type { Cluster } from "../cluster/cluster.js";
import type { Facts } from "../host/facts.js";
import { digestOf, inspectUserImages, needsRegistry, pushSteps } from "../images/built.js";
import { type UserImage, pullUserImage } from "../images/pulled.js";
import { builtRepository, ports } from "../names.js";
import { paths } from "../paths.js";
import type { Piece, Step } from "../reconcile/piece.js";
import type { WantedService } from "../swarm/service-spec.js";
import type { Progress } from "../wait.js";
import { relaySteps, removeRelaySteps } from "./registry/relay.js";
import { folderSteps, removeFolderSteps } from "./shared/files.js";
import {
  type OwnServiceState,
  inspectOwnService,
  removeFormerServiceSteps,
  removeServiceSteps,
  serviceSteps,
} from "./shared/service.js";

type State = OwnServiceState & { userImages: UserImage[]; isNeeded: boolean };

/** Distributes images built on the manager to the machines that take users; the registry runs only if there are such images. */
export const registry: Piece<State> = {
  name: "registry",
  inspect: async (cluster) => {
    const [service, userImages, isNeeded] = await Promise.all([
      inspectOwnService(cluster, "registry"),
      inspectUserImages(cluster),
      needsRegistry(cluster),
    ]);
    return { ...service, userImages, isNeeded };
  },
  plan: (want, have, cluster) => {
    if (!have.isNeeded) return removal(have, cluster);
    const { machines, userImages, image, service } = have;
    const { manager, workers, seatHosts } = cluster;
    const { facts, address } = machines(manager);
    const builtImages = userImages.filter(({ built }) => built !== undefined);
    const pushes = builtImages.flatMap((each) => pushSteps(each, cluster));
    return [
      ...folderSteps(manager, facts, paths.registry, "the registry's images"),
      ...removeFormerServiceSteps("registry", service, cluster),
      ...serviceSteps(wantedService(want.name, image, address), service, cluster),
      // Docker asks a registry without TLS on loopback only, on the manager too.
      ...relaySteps(manager, facts, address),
      ...pushes,
      ...workers.flatMap((host) => relaySteps(host, machines(host).facts, address)),
      ...(workers.length === 0 ? [] : seatHosts).flatMap((host) =>
        builtImages
          .filter(({ isOn }) => !isOn(host))
          .map((each) => pullStep(host, each, pushes, cluster)),
      ),
    ];
  },
  remove: (have, cluster) => removal(have, cluster),
};

const removal = ({ machines, service }: State, cluster: Cluster): Step[] => {
  const { manager, nodes } = cluster;
  const facts = (host: (typeof nodes)[number]): Facts => machines(host).facts;
  return [
    ...nodes.flatMap((host) => removeRelaySteps(host, facts(host))),
    ...removeServiceSteps("registry", service, cluster),
    ...removeFolderSteps(manager, facts(manager), paths.registry, "the registry's images"),
  ];
};

/** Pulls by digest, which is known only after the push. */
const pullStep = (
  host: Cluster["manager"],
  { reference, built }: UserImage,
  after: readonly Step[],
  { manager }: Cluster,
): Step => ({
  host,
  title: `pull the image of ${built?.folder}`,
  after,
  run: async (progress: Progress) => {
    const digest = await digestOf(manager, reference);
    const wanted = digest === undefined ? reference : `${builtRepository}@${digest}`;
    await pullUserImage(host, wanted, reference, progress);
  },
});

const wantedService = (className: string, image: string, address: string): WantedService => ({
  part: "registry",
  className,
  image,
  // Not in the class's network, where users' servers could reach it, but at the machine's address, behind the firewall. Only at
  // that one: at a public address it would be open to everybody while the rules are not loaded.
  network: "host",
  mounts: [{ Type: "bind", Source: paths.registry, Target: "/data" }],
  filesHash: "none",
  container: { Env: [`REGISTRY_HTTP_ADDR=${address}:${ports.registry}`] },
  ready: [
    "python3",
    "-c",
    `import urllib.request as r; r.urlopen('http://${address}:${ports.registry}/v2/', timeout=5)`,
  ],
});
