import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { ports, units } from "../../names.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { unitSteps } from "../shared/files.js";

/**
 * The step that forwards a worker's 127.0.0.1 to the registry at the manager's address: Docker uses a registry without TLS
 * only on localhost. systemd's socket proxy starts on demand and exits when idle; Swarm's own routing would need ip_vs.
 */
export const relaySteps = (host: Host, facts: Facts, address: string): Step[] =>
  unitSteps(
    host,
    facts,
    [
      { path: paths.registrySocket, content: socketUnit },
      { path: paths.registryRelay, content: relayUnit(address) },
    ],
    {
      title: "start its relay to the registry",
      detail: `from 127.0.0.1:${ports.registry} to ${address}`,
      isActive: facts.units[units.registrySocket] === "active",
      // A running relay still uses the former address.
      start: `systemctl daemon-reload
systemctl stop ${units.registryRelay} 2>/dev/null || true
systemctl -q enable ${units.registrySocket}
systemctl restart ${units.registrySocket}`,
    },
  );

/** The step that removes the relay. */
export const removeRelaySteps = (host: Host, { files }: Facts): Step[] =>
  files[paths.registrySocket] === undefined && files[paths.registryRelay] === undefined
    ? []
    : [
        {
          host,
          title: "remove its relay to the registry",
          run: () =>
            host.script(`systemctl -q disable --now ${units.registrySocket} 2>/dev/null
systemctl -q stop ${units.registryRelay} 2>/dev/null
rm -f ${paths.registrySocket} ${paths.registryRelay}
systemctl daemon-reload
exit 0`),
        },
      ];

const written = "# Written by swarmhub; the next `swarmhub up` overwrites it.";

const socketUnit = `${written}
[Unit]
Description=Socket of the relay to the registry of the swarmhub class

[Socket]
ListenStream=127.0.0.1:${ports.registry}

[Install]
WantedBy=sockets.target
`;

const relayUnit = (address: string): string => `${written}
[Unit]
Description=Relay to the registry of the swarmhub class
Requires=${units.registrySocket}
After=${units.registrySocket}

[Service]
DynamicUser=yes
ExecStart=/lib/systemd/systemd-socket-proxyd --exit-idle-time=60 ${address}:${ports.registry}
`;
