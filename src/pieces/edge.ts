import { type OutboundProxy, outboundProxySecret } from "../../contracts/outbound-proxy.js";
import { proxyOn } from "../cluster/outbound.js";
import { publicName } from "../cluster/public-address.js";
import { UserError } from "../errors.js";
import type { Config } from "../config/types.js";
import { ports } from "../names.js";
import { paths } from "../paths.js";
import type { Piece } from "../reconcile/piece.js";
import type { WantedService } from "../swarm/service-spec.js";
import { certificateProblem } from "../tls/diagnosis.js";
import type { GivenFiles } from "../tls/given-files.js";
import { inspectGivenFiles } from "../tls/inspect.js";
import { certificateStatusFrom } from "../tls/status.js";
import { copyGivenSteps, reloadEdge, removeGivenSteps } from "./edge/given-files.js";
import { removeCertificatesSteps } from "./edge/issued-certificates.js";
import { edgeSettings } from "./edge/settings.js";
import { waitStep } from "./edge/wait.js";
import { fileSteps, folderSteps, removeFileSteps } from "./shared/files.js";
import { hashOfSecrets, secretMounts } from "./shared/secret-mounts.js";
import {
  type OwnServiceState,
  inspectOwnService,
  removeFormerServiceSteps,
  removeServiceSteps,
  serviceSteps,
} from "./shared/service.js";

type State = OwnServiceState & {
  /** The operator's files for the edge, or the error in them. */
  givenFiles: GivenFiles | UserError;
  now: Date;
};

/** nginx on the manager's ports 80 and 443, the only way into the class from outside. */
export const edge: Piece<State> = {
  name: "edge",
  inspect: async (cluster) => {
    const service = await inspectOwnService(cluster, "edge");
    const { address } = service.machines(cluster.manager);
    const givenFiles = await inspectGivenFiles(cluster.config, address);
    return { ...service, givenFiles, now: new Date() };
  },
  plan: (want, { machines, image, service, givenFiles }, cluster) => {
    const { manager } = cluster;
    const { facts, address } = machines(manager);
    if (givenFiles instanceof UserError) throw givenFiles;
    const content = edgeSettings(want, publicName(want, address));
    const settings = { path: paths.edgeConfiguration, content, then: reloadEdge(want.name) };
    // An edge reads settings.json only in the form of its own version, which is enough since the two are replaced together: the running
    // edge rejects the newer form and nginx keeps its configuration, until a later step starts the image that reads it. An `up` that
    // is interrupted between the two is completed by the next one.
    const steps = [
      ...folderSteps(manager, facts, paths.certificates, "certificates"),
      ...copyGivenSteps(want.name, manager, facts, givenFiles),
      ...fileSteps(manager, facts, [settings]),
      ...removeGivenSteps(manager, facts, givenFiles),
      ...removeFormerServiceSteps("edge", service, cluster),
      ...serviceSteps(
        wantedService(
          want,
          image,
          facts.secretHashes,
          secretsFor(proxyOn(cluster, machines, facts)),
        ),
        service,
        cluster,
      ),
    ];
    if (steps.length === 0) return [];
    const before = certificateStatusFrom(facts.files[paths.certificateStatus]);
    return [...steps, waitStep(manager, want, { givenFiles, before })];
  },
  remove: ({ machines, service }, cluster) => {
    const { manager } = cluster;
    const { facts } = machines(manager);
    const then = `rmdir --ignore-fail-on-non-empty ${paths.edge}`;
    return [
      ...removeServiceSteps("edge", service, cluster),
      ...removeFileSteps(manager, facts, [{ path: paths.edgeConfiguration, then }]),
      ...removeCertificatesSteps(manager, facts),
    ];
  },
  problems: ({ machines, service, givenFiles, now }, { config, manager }) => {
    if (!service.running || givenFiles instanceof UserError) return [];
    const status = certificateStatusFrom(machines(manager).facts.files[paths.certificateStatus]);
    const problem = certificateProblem({ config, givenFiles, status, now });
    return problem === undefined ? [] : [`${manager.name}: ${problem.reason}; ${problem.hint}`];
  },
};

const secretsFor = (proxy: OutboundProxy | undefined): string[] => [
  "edge-token",
  ...(proxy === undefined ? [] : [outboundProxySecret]),
];

const wantedService = (
  { name, tls }: Config,
  image: string,
  secretHashes: Record<string, string>,
  secrets: readonly string[],
): WantedService => ({
  part: "edge",
  className: name,
  image,
  mounts: [
    { Type: "bind", Source: paths.edge, Target: paths.edge, ReadOnly: true },
    { Type: "bind", Source: paths.certificates, Target: "/certificates" },
    ...secretMounts(secrets),
  ],
  // The other files are read while it runs: open websockets stay.
  filesHash: hashOfSecrets(secrets, secretHashes),
  ports: tls.kind === "off" ? [ports.http] : [ports.http, ports.https],
});
