import type { Cluster } from "../cluster/cluster.js";
import { type Machines, inspectMachines } from "../cluster/machines.js";
import { UserError, exitCode } from "../errors.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { enginePackages } from "../names.js";
import { paths } from "../paths.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { purgeScript } from "./packages/purge-script.js";
import { poolScript } from "./shared/docker-settings.js";
import { holdScript, installScript, releaseScript } from "./packages/scripts.js";

/** Installs Docker Engine on every machine and the storage's packages, from the distribution; keeps installed ones. */
export const packages: Piece<Machines> = {
  name: "packages",
  inspect: inspectMachines,
  plan: (want, machines, cluster) =>
    cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      refuseUnsupported(host, facts);
      refuseOtherDocker(host, facts);
      const missing = missingPackages(host, facts, cluster);
      if (missing.length === 0) return holdSteps(host, facts);
      return [
        {
          host,
          title: `install ${missing.join(", ")}`,
          run: (progress) =>
            host.script(
              installScript(missing, {
                builds: host === cluster.manager,
                prepare: poolScript(want, facts),
              }),
              {
                timeout: 20 * 60_000,
                onLine: (line) => {
                  const [, action, name] = /^(Get|Unpacking|Setting up)\S* (\S+)/.exec(line) ?? [];
                  if (action !== undefined)
                    progress(action === "Get" ? "downloading" : `${action.toLowerCase()} ${name}`);
                },
              },
            ),
        },
      ];
    }),
  remove: (machines, cluster) =>
    cluster.hosts.flatMap((host) => {
      const { files } = machines(host).facts;
      const record = files[paths.installedPackages];
      // First, since apt does not purge what is held.
      const release =
        files[paths.heldPackages] === undefined
          ? []
          : [
              {
                host,
                title: "let apt upgrade Docker again",
                run: () => host.script(`set -e\n${releaseScript}`),
              },
            ];
      if (record === undefined) return release;
      const installed = record.split("\n").filter((name) => /^[a-z0-9][a-z0-9.+:-]*$/.test(name));
      return [
        ...release,
        {
          host,
          title: "remove packages installed by swarmhub",
          detail: installed.join(" "),
          run: () => host.script(purgeScript(installed), { timeout: 20 * 60_000 }),
        },
      ];
    }),
};

const holdSteps = (host: Host, { packages: installed, heldPackages }: Facts): Step[] => {
  const free = enginePackages.filter(
    (name) => installed[name] !== undefined && !heldPackages.includes(name),
  );
  if (free.length === 0) return [];
  return [
    {
      host,
      title: "keep apt from upgrading Docker while the class is up",
      detail: free.join(", "),
      run: () => host.script(`set -e\n${holdScript}`),
    },
  ];
};

const missingPackages = (
  host: Host,
  { packages: installed, hasDockerCommand }: Facts,
  cluster: Cluster,
): string[] => {
  const docker = installed["docker.io"] ?? installed["docker-ce"];
  if (docker !== undefined) refuseOldDocker(host, docker);
  const wanted = host === cluster.storage ? ["nfs-kernel-server", "xfsprogs"] : [];
  // For the piece `scratch`, which acts on a Docker that is new.
  const limits = cluster.config.servers.scratch !== undefined && cluster.seatHosts.includes(host);
  if (limits && docker === undefined && !wanted.includes("xfsprogs")) wanted.push("xfsprogs");
  return [
    ...(docker === undefined ? ["docker.io"] : []),
    // An owner's docker.io of Debian 13 can be without it.
    ...(installed["docker.io"] !== undefined && !hasDockerCommand ? ["docker-cli"] : []),
    ...wanted.filter((name) => installed[name] === undefined),
  ];
};

/** The oldest supported version of each distribution. */
const supported: Record<string, number> = { debian: 12, ubuntu: 22.04 };

const refuseUnsupported = (host: Host, { system }: Facts): void => {
  const oldest = supported[system.id];
  // Derivatives have version numbers of their own, and Debian testing has none.
  const isKnown = oldest !== undefined || system.like.some((id) => id in supported);
  if (isKnown && !(Number.parseFloat(system.version) < (oldest ?? 0))) return;
  throw new UserError(
    `the system is ${system.name}; swarmhub supports Debian 12 or later and Ubuntu 22.04 or later`,
    {
      host: host.name,
      hint: "reinstall the machine with one of these, or remove it from the configuration",
      code: exitCode.preflight,
    },
  );
};

const otherDockers: Record<string, readonly [reason: string, hint: string]> = {
  snap: [
    "Docker is installed as a snap, which may not use the folders of the class",
    "remove it with its containers and images: `sudo snap remove --purge docker`; `swarmhub up` installs the distribution's",
  ],
  rootless: [
    "a user runs Docker in rootless mode, which has no Swarm networks, and a second Docker would take its command",
    "as that user: `dockerd-rootless-setuptool.sh uninstall`; `swarmhub up` installs the distribution's",
  ],
};

const refuseOtherDocker = (host: Host, facts: Facts): void => {
  // Beside the system's own Docker in a class that is up, a user may do so.
  if (facts.files[paths.classNote] !== undefined) return;
  const [reason, hint] = facts.otherDockers.flatMap((kind) => [otherDockers[kind]])[0] ?? [];
  if (reason === undefined) return;
  throw new UserError(reason, { host: host.name, hint, code: exitCode.preflight });
};

const refuseOldDocker = (host: Host, version: string): void => {
  const [major = 0, minor = 0] = version.replace(/^\d+:/, "").split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 10)) return;
  throw new UserError(
    `Docker ${version} is installed; swarmhub needs 20.10 or later (\`cap-add\` for services, global jobs)`,
    {
      host: host.name,
      hint: `upgrade Docker on ${host.name}, or remove it and \`swarmhub up\` installs the distribution's`,
      code: exitCode.preflight,
    },
  );
};
