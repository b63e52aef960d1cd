import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { registryPort } from "../../names.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { fileSteps } from "../shared/files.js";

/**
 * The steps that forward a worker's 127.0.0.1 to the registry at the manager's address: Docker uses a registry without TLS
 * only on localhost. systemd's socket proxy starts on demand and exits when idle; Swarm's own routing would need ip_vs.
 */
export const relaySteps = (host: Host, facts: Facts, address: string): Step[] => {
  const files = fileSteps(host, facts, [
    { path: paths.registrySocket, content: socketUnit },
    { path: paths.registryRelay, content: relayUnit(address) },
  ]);
  if (files.length === 0 && facts.units[socketName] === "active") return [];
  return [
    ...files,
    {
      host,
      title: "start its relay to the registry",
      detail: `from 127.0.0.1:${registryPort} to ${address}`,
      // A running relay still uses the former address.
      run: () =>
        host.script(`set -e
systemctl daemon-reload
systemctl stop ${relayName} 2>/dev/null || true
systemctl -q enable ${socketName}
systemctl restart ${socketName}`),
    },
  ];
};

/** The step that removes the relay. */
export const removeRelaySteps = (host: Host, { files }: Facts): Step[] =>
  files[paths.registrySocket] === undefined && files[paths.registryRelay] === undefined
    ? []
    : [
        {
          host,
          title: "remove its relay to the registry",
          run: () =>
            host.script(`systemctl -q disable --now ${socketName} 2>/dev/null
systemctl -q stop ${relayName} 2>/dev/null
rm -f ${paths.registrySocket} ${paths.registryRelay}
systemctl daemon-reload
exit 0`),
        },
      ];

const socketName = "swarmhub-registry.socket";
const relayName = "swarmhub-registry.service";
const written = "# Written by swarmhub; the next `swarmhub up` overwrites it.";

const socketUnit = `${written}
[Unit]
Description=Socket of the relay to the registry of the swarmhub class

[Socket]
ListenStream=127.0.0.1:${registryPort}

[Install]
WantedBy=sockets.target
`;

const relayUnit = (address: string): string => `${written}
[Unit]
Description=Relay to the registry of the swarmhub class
Requires=swarmhub-registry.socket
After=swarmhub-registry.socket

[Service]
DynamicUser=yes
ExecStart=/lib/systemd/systemd-socket-proxyd --exit-idle-time=60 ${address}:${registryPort}
`;
