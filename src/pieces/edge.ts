import { paths } from "../paths.js";
import type { Piece } from "../piece.js";
import { publicName } from "../public-name.js";
import { fileSteps, removeFileSteps } from "./shared/file.js";
import { folderSteps, removeFolderSteps } from "./shared/folder.js";
import { hashOfSecrets } from "./shared/secret-mounts.js";
import { inspectPart, type PartState } from "./shared/part.js";
import { removeServiceSteps, serviceSteps } from "./shared/service.js";

/** nginx on the manager's ports 80 and 443, the only way in from outside. */
export const edge: Piece<PartState> = {
  name: "edge",
  inspect: (cluster) => inspectPart(cluster, "edge"),
  plan: (want, { machines, image, service }, cluster) => {
    const { manager } = cluster;
    const { facts, address } = machines(manager);
    const content = `${JSON.stringify(
      {
        domain: want.domain ?? null,
        address: publicName(want.manager, address),
        tls: want.tls.kind,
      },
      null,
      2,
    )}\n`;
    const files = fileSteps(manager, facts, [{ path: paths.edgeConfiguration, content }]);
    const steps = serviceSteps(
      {
        name: "edge",
        className: want.name,
        image,
        mounts: [
          {
            Type: "bind",
            Source: paths.edgeConfiguration,
            Target: paths.edgeConfiguration,
            ReadOnly: true,
          },
          { Type: "bind", Source: paths.certificates, Target: "/certificates" },
        ],
        filesHash: hashOfSecrets([], {}, content),
        ports: want.tls.kind === "off" ? [80] : [80, 443],
      },
      service,
      cluster,
    );
    const folder = folderSteps(manager, facts, paths.certificates, "certificates");
    return [...files, ...folder, ...steps];
  },
  remove: ({ machines, service }, cluster) => {
    const { manager } = cluster;
    const { facts } = machines(manager);
    return [
      ...removeServiceSteps("edge", service, cluster),
      ...removeFileSteps(manager, facts, [{ path: paths.edgeConfiguration }]),
      ...removeFolderSteps(manager, facts, paths.certificates, "the certificates"),
    ];
  },
};
