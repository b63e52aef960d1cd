import { publicName } from "../cluster/public-address.js";
import { UserError } from "../errors.js";
import { paths } from "../paths.js";
import type { Piece } from "../reconcile/piece.js";
import type { WantedService } from "../swarm/service-spec.js";
import { certificateProblem } from "../tls/diagnosis.js";
import type { Given } from "../tls/given-files.js";
import { operatorGiven } from "../tls/inspect.js";
import { certificateStatusFrom } from "../tls/status.js";
import { giveSteps, takeBackSteps, tellEdge } from "./edge/given-files.js";
import { removeCertificatesSteps } from "./edge/issued-certificates.js";
import { edgeSettings } from "./edge/settings.js";
import { waitStep } from "./edge/wait.js";
import { fileSteps, folderSteps, removeFileSteps } from "./shared/files.js";
import {
  type OwnServiceState,
  inspectOwnService,
  removeServiceSteps,
  serviceSteps,
} from "./shared/service.js";

type State = OwnServiceState & {
  /** What the operator's machine has for the edge, or why it cannot be that. */
  given: Given | UserError;
  now: Date;
};

/** nginx on the manager's ports 80 and 443, the only way in from outside. */
export const edge: Piece<State> = {
  name: "edge",
  inspect: async (cluster) => {
    const part = await inspectOwnService(cluster, "edge");
    const { address } = part.machines(cluster.manager);
    return { ...part, given: await operatorGiven(cluster.config, address), now: new Date() };
  },
  plan: (want, { machines, image, service, given }, cluster) => {
    const { manager } = cluster;
    const { facts, address } = machines(manager);
    if (given instanceof UserError) throw given;
    const content = edgeSettings(want, publicName(want.manager, address));
    const settings = { path: paths.edgeConfiguration, content, then: tellEdge };
    // The edge reads the form of settings.json of its own swarmhub and no older one. An edge that is about to be replaced refuses
    // a newer form and nginx goes on; the image that reads it follows in the last step. An `up` cut off between the two is
    // finished by the next one.
    const steps = [
      ...folderSteps(manager, facts, paths.certificates, "certificates"),
      ...giveSteps(manager, facts, given),
      ...fileSteps(manager, facts, [settings]),
      ...takeBackSteps(manager, facts, given),
      ...serviceSteps(wantedService(want.name, image, want.tls.kind === "off"), service, cluster),
    ];
    if (steps.length === 0) return [];
    const before = certificateStatusFrom(facts.files[paths.certificateStatus]);
    return [...steps, waitStep(manager, want, { given, before })];
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
  problems: ({ machines, service, given, now }, { config, manager }) => {
    if (!service.running || given instanceof UserError) return [];
    const status = certificateStatusFrom(machines(manager).facts.files[paths.certificateStatus]);
    const trouble = certificateProblem({ config, given, status, now });
    return trouble === undefined ? [] : [`${manager.name}: ${trouble.text}; ${trouble.hint}`];
  },
};

const wantedService = (className: string, image: string, isPlain: boolean): WantedService => ({
  name: "edge",
  className,
  image,
  mounts: [
    { Type: "bind", Source: paths.edge, Target: paths.edge, ReadOnly: true },
    { Type: "bind", Source: paths.certificates, Target: "/certificates" },
  ],
  // What changes in its files it takes up while it runs: open websockets stay.
  filesHash: "none",
  ports: isPlain ? [80] : [80, 443],
});
