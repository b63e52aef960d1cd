import { proxyOn } from "../cluster/outbound.js";
import { UserError } from "../errors.js";
import { inspectUserImages } from "../images/built.js";
import { keptLooks } from "../images/kept-looks.js";
import type { UserImage } from "../images/pulled.js";
import { paths } from "../paths.js";
import type { Piece } from "../reconcile/piece.js";
import { reloadSteps } from "./hub/reload.js";
import { hubSecrets, hubSpec } from "./hub/service.js";
import { hubConfiguration } from "./hub/settings.js";
import { type StrandedServer, inspectStranded, stopStrandedSteps } from "./hub/moved-homes.js";
import {
  type AddressedServer,
  inspectAddressedServers,
  stopUnreachableSteps,
} from "./hub/unreachable-servers.js";
import { type ServerFiles, inspectServerFiles } from "./shared/server-files.js";
import { fileSteps, folderSteps, removeFileSteps, removeFolderSteps } from "./shared/files.js";
import {
  type OwnServiceState,
  inspectOwnService,
  removeFormerServiceSteps,
  removeServiceSteps,
  serviceSteps,
} from "./shared/service.js";
import {
  type Servers,
  inspectServers,
  removeFormerServersSteps,
  removeServersSteps,
} from "./shared/user-servers.js";

type State = OwnServiceState & {
  userImages: UserImage[];
  servers: Servers;
  addressedServers: AddressedServer[];
  strandedServers?: StrandedServer[];
  files: ServerFiles;
};

/** Runs JupyterHub on the manager; only it has the Docker socket, and it starts a service per user. */
export const hub: Piece<State> = {
  name: "hub",
  inspect: async (cluster) => {
    const [service, userImages, servers, addressedServers, strandedServers, files] =
      await Promise.all([
        inspectOwnService(cluster, "hub"),
        inspectUserImages(cluster),
        inspectServers(cluster),
        inspectAddressedServers(cluster),
        inspectStranded(cluster),
        inspectServerFiles(cluster),
      ]);
    return { ...service, userImages, servers, addressedServers, strandedServers, files };
  },
  plan: (want, { machines, userImages, image, service, files, ...have }, cluster) => {
    const { manager } = cluster;
    const { facts } = machines(manager);
    for (const { built } of userImages) if (built?.from instanceof UserError) throw built.from;
    const { content, fixedHash } = hubConfiguration(want, machines, userImages, cluster, {
      looks: keptLooks(facts),
      files,
    });
    const wanted = hubSpec(
      want,
      fixedHash,
      facts.secretHashes,
      image,
      cluster.storage && machines(cluster.storage).address,
      hubSecrets(want, proxyOn(cluster, machines, facts) !== undefined),
    );
    const changes = serviceSteps(wanted, service, cluster);
    return [
      ...(changes.length === 0
        ? reloadSteps(cluster, facts, content)
        : fileSteps(manager, facts, [{ path: paths.hubConfiguration, content }])),
      ...folderSteps(manager, facts, paths.hub, "the hub's database"),
      // Two hubs would share a database, and a former hub would start servers again.
      ...removeFormerServiceSteps("hub", service, cluster),
      ...removeFormerServersSteps(have.servers, cluster),
      ...changes,
      ...stopUnreachableSteps(have.addressedServers, want, cluster),
      ...stopStrandedSteps(have.strandedServers ?? [], cluster),
    ];
  },
  remove: ({ machines, service, servers }, cluster) => {
    const { manager } = cluster;
    const { facts } = machines(manager);
    return [
      // The hub first: it would restart what is being removed.
      ...removeServiceSteps("hub", service, cluster),
      ...removeServersSteps(servers, cluster),
      ...removeFileSteps(manager, facts, [{ path: paths.hubConfiguration }]),
      ...removeFolderSteps(manager, facts, paths.hub, "the hub's database"),
    ];
  },
};
