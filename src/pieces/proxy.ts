import type { Piece } from "../reconcile/piece.js";
import type { WantedService } from "../swarm/service-spec.js";
import { hashOfSecrets, secretMounts } from "./shared/secret-mounts.js";
import {
  type OwnServiceState,
  inspectOwnService,
  removeFormerServiceSteps,
  removeServiceSteps,
  serviceSteps,
} from "./shared/service.js";

/** Runs configurable-http-proxy as a separate service, so that a restart of the hub drops no connection. */
export const proxy: Piece<OwnServiceState> = {
  name: "proxy",
  inspect: (cluster) => inspectOwnService(cluster, "proxy"),
  plan: (want, { machines, image, service }, cluster) => {
    const { secretHashes } = machines(cluster.manager).facts;
    const secrets = ["proxy-token", "edge-token"];
    const wanted: WantedService = {
      part: "proxy",
      className: want.name,
      image,
      mounts: secretMounts(secrets),
      filesHash: hashOfSecrets(secrets, secretHashes, ...(want.subdomains ? [hostRouting] : [])),
      ...(want.subdomains && {
        container: { Args: ["node", "/app/proxy.mjs", hostRouting] },
      }),
    };
    return [
      ...removeFormerServiceSteps("proxy", service, cluster),
      ...serviceSteps(wanted, service, cluster),
    ];
  },
  remove: ({ service }, cluster) => removeServiceSteps("proxy", service, cluster),
};

// In the hash as well: without subdomains the spec has no arguments, and those in Docker would be no difference.
const hostRouting = "--host-routing";
