import type { Cluster } from "../cluster/cluster.js";
import { fullDiskHint, fullDiskText } from "../cluster/disks.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { ports, units } from "../names.js";
import { paths } from "../paths.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { layersProgram, reportProgram } from "./monitor/programs.js";
import { layersUnit, monitorUnit, runRule } from "./monitor/units.js";
import { type WantedFile, writeScript } from "./shared/files.js";

/** Reports the free disk, the memory and the containers of every machine to the manager, where the hub reads them. */
export const monitor: Piece<Machines> = {
  name: "monitor",
  inspect: inspectMachines,
  plan: (_want, machines, cluster) =>
    cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      const wanted = filesOf(argumentsOf(host, machines, cluster));
      const differing = wanted.filter(({ path, content }) => facts.files[path] !== content);
      const isActive = [units.monitor, units.layers].every(
        (unit) => facts.units[unit] === "active",
      );
      return differing.length === 0 && isActive ? [] : [startStep(host, differing)];
    }),
  remove: (machines, cluster) =>
    cluster.hosts.flatMap((host) => (isPresent(machines(host).facts) ? [removeStep(host)] : [])),
  problems: (machines, cluster) =>
    cluster.nodes.flatMap((host) => {
      const { facts } = machines(host);
      const text = fullDiskText(facts);
      return text === undefined ? [] : [`${host.name}: ${text}; ${fullDiskHint(host, facts)}`];
    }),
};

/** The manager connects to the others, so that nothing on them has to know a secret, and nothing can be sent to it unasked. */
const argumentsOf = (host: Host, machines: Machines, { manager, hosts }: Cluster): string[] => {
  const endpoint = (each: Host): string => `${machines(each).address}:${ports.monitor}`;
  const others = hosts.filter((each) => each !== manager);
  return host === manager
    ? ["collect", machines(manager).address, ...others.map(endpoint)]
    : ["listen", endpoint(host), machines(manager).address];
};

const filesOf = (words: readonly string[]): WantedFile[] => [
  { path: paths.monitor, content: reportProgram(), mode: 0o755 },
  { path: paths.layers, content: layersProgram(), mode: 0o755 },
  { path: paths.monitorUnit, content: monitorUnit(words) },
  { path: paths.layersUnit, content: layersUnit },
  { path: paths.runRule, content: runRule },
];

/** One script, so that systemd reads its units once. The rule comes last: without it a run that was cut off is seen. */
const startStep = (host: Host, differing: readonly WantedFile[]): Step => ({
  host,
  title: "start the monitor",
  ...(differing.length > 0 && { detail: differing.map(({ path }) => path).join(", ") }),
  run: () =>
    host.script(`set -e
rm -f ${paths.runRule}
${differing
  .filter(({ path }) => path !== paths.runRule)
  .map(writeScript)
  .join("\n")}
systemctl daemon-reload
systemctl -q enable ${units.monitor} ${units.layers}
systemctl restart ${units.monitor} ${units.layers}
${writeScript({ path: paths.runRule, content: runRule })}
systemd-tmpfiles --create ${paths.runRule}`),
});

const files = [
  paths.monitor,
  paths.layers,
  paths.monitorUnit,
  paths.layersUnit,
  paths.runRule,
] as const;

const isPresent = (facts: Facts): boolean => files.some((path) => facts.files[path] !== undefined);

const removeStep = (host: Host): Step => ({
  host,
  title: "remove the monitor",
  run: () =>
    host.script(`systemctl -q disable --now ${units.monitor} ${units.layers} 2>/dev/null
rm -rf ${paths.run}
rm -f ${files.join(" ")}
systemctl daemon-reload
rmdir ${paths.configuration} 2>/dev/null
exit 0`),
});
