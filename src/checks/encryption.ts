import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import type { Check, Finding } from "./check.js";
import { kernelHint } from "./system.js";

/** The kernels can encrypt the overlay network (`swarm.encrypted`); tried for real, in a network namespace that ends with the test. */
export const encryption: Check = {
  name: "encryption",
  run: async ({ cluster, machines }) =>
    cluster.config.swarm.encrypted
      ? Promise.all(cluster.nodes.map((host) => findingOf(host, machines(host).facts)))
      : [],
};

// What Docker does for an encrypted network (moby libnetwork/drivers/overlay/encryption.go): AES-GCM in ESP, and a rule that marks the
// packets by their network's number, with u32 before Engine 23 and bpf since then. The bytecode accepts every packet; iptables comes with
// the class, so it may be missing. The key is no secret: nothing is ever encrypted with it.
const probe = `
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
unshare -n true 2>/dev/null || { echo untried; exit 0; }
unshare -n sh -s 2>/dev/null <<'END'
key=0x$(printf '%040d' 0)
ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 1 mode transport aead 'rfc4106(gcm(aes))' $key 64 || echo esp
ip xfrm policy add src 192.0.2.1/32 dst 192.0.2.2/32 proto udp dport 4789 dir out mark 1 tmpl proto esp mode transport || echo policy
command -v iptables >/dev/null || exit 0
iptables -w -A OUTPUT -p udp --dport 4789 -m policy --dir out --pol none -j DROP || echo xt_policy
mark() { iptables -w -t mangle -A OUTPUT -p udp "$@" -j MARK --set-mark 1; }
mark -m bpf --bytecode '1,6 0 0 65535' || mark -m u32 --u32 0=0 || echo xt_bpf
END
exit 0
`;

const names: Record<string, string> = {
  esp: "ESP with AES-GCM (modules esp4, gcm and seqiv)",
  policy: "IPsec policies (module xfrm_user)",
  xt_policy: "match `policy` of iptables (module xt_policy)",
  xt_bpf: "match `bpf` of iptables (module xt_bpf)",
};

const findingOf = async (host: Host, facts: Facts): Promise<Finding> => {
  const answer = await host.script(probe, {
    title: "try the encryption of the overlay network",
    timeout: 30_000,
  });
  const words = answer.split("\n").filter(Boolean);
  if (words.includes("untried"))
    return {
      host: host.name,
      level: "note",
      text: "whether its kernel can encrypt the overlay network was not tested: it makes no network namespace",
    };
  const lacking = words.flatMap((word) => names[word] ?? []);
  if (lacking.length === 0)
    return { host: host.name, level: "ok", text: "its kernel can encrypt the overlay network" };
  return {
    host: host.name,
    level: "error",
    text: `Linux ${facts.kernel} cannot encrypt the overlay network: it has no ${lacking.join(" and no ")}`,
    hint: `${kernelHint(facts)}; or delete \`encrypted\` below \`swarm\``,
  };
};
