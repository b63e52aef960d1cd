import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import type { Check, Finding } from "./check.js";

type Feature = { module: string; name: string; purpose: string };

const onNodes: readonly Feature[] = [
  { module: "overlay", name: "overlay", purpose: "Docker's image layers" },
  { module: "vxlan", name: "VXLAN", purpose: "Swarm's overlay network" },
  { module: "br_netfilter", name: "bridge filter", purpose: "Swarm's overlay network" },
  { module: "nfsv4", name: "NFS client", purpose: "mounting homes" },
];
const onStorage: readonly Feature[] = [
  { module: "nfsd", name: "NFS server", purpose: "exporting homes" },
  { module: "xfs", name: "XFS", purpose: "the disk of the homes" },
];

/** The kernel has the features that the class needs; the check of the plan refuses unsupported systems. */
export const system: Check = {
  name: "system",
  run: async ({ cluster, machines }) =>
    cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      const features = [
        ...(cluster.nodes.includes(host) ? onNodes : []),
        ...(host === cluster.storage ? onStorage : []),
      ];
      const quotaErrors = host === cluster.storage ? missingQuota(host, facts) : [];
      const errors = [...missingFeatures(host, facts, features), ...quotaErrors];
      if (errors.length > 0) return errors;
      const quota = host === cluster.storage && facts.xfsFeatures !== "" ? ", XFS quota" : "";
      const names = features.map(({ name }) => name).join(", ");
      const text = `${facts.system.name}, Linux ${facts.kernel} with ${names}${quota}`;
      return [{ host: host.name, level: "ok", text }];
    }),
};

const missingFeatures = (host: Host, facts: Facts, features: readonly Feature[]): Finding[] => {
  const lacking = features
    .filter(({ module }) => facts.missingModules.includes(module))
    .map(({ module, name, purpose }) => `${name} (module ${module}, for ${purpose})`);
  if (lacking.length === 0) return [];
  const text = `Linux ${facts.kernel} has no ${lacking.join(" and no ")}`;
  return [{ host: host.name, level: "error", text, hint: kernelHint(facts) }];
};

// If the kernel does not list its XFS features, the storage piece checks the quota after the mount.
const missingQuota = (host: Host, { xfsFeatures, kernel, ...facts }: Facts): Finding[] =>
  xfsFeatures === "" || /\bquota\b/.test(xfsFeatures)
    ? []
    : [
        {
          host: host.name,
          level: "error",
          text: `Linux ${kernel} has XFS without quota, so homes would have no limit`,
          hint: kernelHint({ ...facts, kernel }),
        },
      ];

/** The command that gets a machine a kernel with all modules: some providers' slim kernels omit some, or have them in a separate package. */
export const kernelHint = ({ system: { id }, kernel }: Pick<Facts, "system" | "kernel">): string =>
  id === "ubuntu"
    ? `sudo apt-get install linux-modules-extra-${kernel}, or linux-generic and restart`
    : "sudo apt-get install linux-image-amd64 (or that of its architecture), then restart";
