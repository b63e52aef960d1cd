import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import type { Check, Finding } from "./check.js";

type Feature = { module: string; words: string; why: string };

const onNodes: readonly Feature[] = [
  { module: "overlay", words: "overlay", why: "Docker lays images over one another with it" },
  { module: "vxlan", words: "VXLAN", why: "Swarm's network between machines is made of it" },
  { module: "br_netfilter", words: "bridge filter", why: "Swarm's network needs it" },
  { module: "nfsv4", words: "NFS client", why: "homes are mounted with it" },
];
const onStorage: readonly Feature[] = [
  { module: "nfsd", words: "NFS server", why: "homes are exported with it" },
  { module: "xfs", words: "XFS", why: "homes lie on it" },
];

/** The kernel has what the class stands on; that the system is a supported one is the plan's to say. */
export const system: Check = {
  name: "system",
  run: async ({ cluster, machines }) =>
    cluster.hosts.flatMap((host) => {
      const { facts } = machines(host);
      const features = [
        ...(cluster.nodes.includes(host) ? onNodes : []),
        ...(host === cluster.storage ? onStorage : []),
      ];
      const lacks = host === cluster.storage ? withoutQuota(host, facts) : [];
      const errors = [...missing(host, facts, features), ...lacks];
      if (errors.length > 0) return errors;
      const quota = host === cluster.storage && facts.xfsFeatures !== "" ? ", XFS quota" : "";
      const words = features.map((feature) => feature.words).join(", ");
      const text = `${facts.system.name}, Linux ${facts.kernel} with ${words}${quota}`;
      return [{ host: host.name, level: "ok", text }];
    }),
};

const missing = (host: Host, facts: Facts, features: readonly Feature[]): Finding[] => {
  const lacking = features
    .filter(({ module }) => facts.missingModules.includes(module))
    .map(({ module, words, why }) => `${words} (module ${module}: ${why})`);
  if (lacking.length === 0) return [];
  const text = `Linux ${facts.kernel} has no ${lacking.join(" and no ")}`;
  return [{ host: host.name, level: "error", text, hint: hintFor(facts) }];
};

// A kernel that says nothing about its XFS is left to the storage's own look after the mount.
const withoutQuota = (host: Host, { xfsFeatures, kernel, ...facts }: Facts): Finding[] =>
  xfsFeatures === "" || /\bquota\b/.test(xfsFeatures)
    ? []
    : [
        {
          host: host.name,
          level: "error",
          text: `Linux ${kernel} has XFS without quota, so no home would have a limit`,
          hint: hintFor({ ...facts, xfsFeatures, kernel }),
        },
      ];

// The slim kernels of some providers leave modules out, or put them into a package of their own.
const hintFor = ({ system: { id }, kernel }: Facts): string =>
  id === "ubuntu"
    ? `sudo apt-get install linux-modules-extra-${kernel}, or linux-generic and a restart`
    : "sudo apt-get install linux-image-amd64 (or that of its architecture), then a restart";
