import { createHash } from "node:crypto";
import {
  type OutboundProxy,
  configuredProxy,
  proxyText,
  proxyVariables,
} from "../cluster/outbound.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { paths } from "../paths.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { restartDocker } from "./shared/docker-settings.js";
import { aptConfiguration, dockerUnit, environmentFile } from "./outbound/files.js";

/** Lets apt and Docker on every machine use the configured HTTP proxy. What the owner of a machine configured there stays as it is. */
export const outbound: Piece<Machines> = {
  name: "outbound",
  inspect: inspectMachines,
  plan: (_want, machines, cluster) => {
    const proxy = configuredProxy(cluster, machines);
    return cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      return proxy === undefined ? removeSteps(host, facts) : useSteps(host, facts, proxy);
    });
  },
  remove: (machines, { hosts }) => hosts.flatMap((host) => removeSteps(host, machines(host).facts)),
};

const useSteps = (host: Host, facts: Facts, proxy: OutboundProxy): Step[] => {
  const files = [
    { path: paths.aptProxy, content: aptConfiguration(proxy) },
    { path: paths.proxyVariables, content: environmentFile(proxyVariables(proxy)) },
    { path: paths.proxyUnit, content: dockerUnit },
  ];
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex");
  const note = `# Written by swarmhub: the hash of the proxy's settings that apt and Docker use.\n${hash}\n`;
  if (facts.files[paths.proxyNote] === note) return [];
  return [
    {
      host,
      title: `use the proxy ${proxyText(proxy)}`,
      detail: `for apt and Docker${restartText(facts)}`,
      run: async () => {
        // Only root may read them, as they can have a password.
        for (const { path, content } of files) await host.write(path, content, 0o600);
        await host.script(restartDocker, { title: "restart Docker", timeout: 300_000 });
        // Last, so that a run that was cut off is seen.
        await host.write(paths.proxyNote, note, 0o600);
      },
    },
  ];
};

const removeSteps = (host: Host, facts: Facts): Step[] =>
  facts.files[paths.proxyNote] === undefined && facts.files[paths.proxyUnit] === undefined
    ? []
    : [
        {
          host,
          title: "no longer use the proxy",
          detail: `for apt and Docker${restartText(facts)}`,
          run: () =>
            host.script(
              `set -e
rm -f ${paths.aptProxy} ${paths.proxyVariables} ${paths.proxyUnit}
rmdir --ignore-fail-on-non-empty ${paths.proxyUnit.replace(/\/[^/]*$/, "")} 2>/dev/null || true
${restartDocker}
rm -f ${paths.proxyNote}
rmdir ${paths.configuration} 2>/dev/null || true`,
              { title: "no longer use the proxy", timeout: 300_000 },
            ),
        },
      ];

const restartText = ({ units }: Facts): string =>
  units["docker.service"] === "active" ? "; Docker restarts, and running servers with it" : "";
