import { paths } from "../../paths.js";

const written = "# Written by swarmhub; the next `swarmhub up` overwrites it.";

/** The rule by which systemd creates the folder of both programs, also at boot. */
export const runRule = `${written}
d ${paths.run} 0755 root root -
`;

const hardening = `NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0022
TasksMax=16
Restart=always
RestartSec=5`;

/** The unit of the reports: it listens on a network or connects to others, so it has no right at all. */
export const monitorUnit = (words: readonly string[]): string => `${written}
[Unit]
Description=Monitor of the swarmhub class
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=${paths.monitor} ${words.join(" ")}
RuntimeDirectory=swarmhub/monitor
CapabilityBoundingSet=
RestrictAddressFamilies=AF_INET
MemoryMax=64M
DynamicUser=yes
${hardening}

[Install]
WantedBy=multi-user.target
`;

/**
 * The unit that measures layers and ends servers: it may read every file and use Docker's socket, so it has no network. It is not
 * slowed down, since it must act while a server writes as fast as it can. A layer may have millions of files.
 */
export const layersUnit = `${written}
[Unit]
Description=Guard of the disk of the swarmhub class
StartLimitIntervalSec=0

[Service]
ExecStart=${paths.layers}
RuntimeDirectory=swarmhub/layers
RuntimeDirectoryPreserve=restart
CapabilityBoundingSet=CAP_DAC_READ_SEARCH
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
MemoryMax=256M
OOMPolicy=continue
${hardening}

[Install]
WantedBy=multi-user.target
`;
