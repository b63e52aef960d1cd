import type { Lab } from "./lab.js";

/** The state that `down` must restore: packages, settings, rules, devices, mounts, listeners, and the folders in which we write. */
export const snapshot = async (lab: Lab, guest: number): Promise<Record<string, string[]>> => {
  const answer = await lab.on(guest, script);
  return Object.fromEntries(
    answer
      .split("\n== ")
      .slice(1)
      .map((part) => {
        const [name = "", ...lines] = part.trimEnd().split("\n");
        return [name, lines];
      }),
  );
};

// Not compared in /etc: accounts that Debian's packages leave behind, and files that the system updates by itself.
const script = `
export LC_ALL=C
section() { echo; echo "== $1"; }
section packages; dpkg-query -W -f '\${db:Status-Abbrev} \${Package}\\n'
section settings; cd /etc && find . -xdev \\( -type f -o -type l \\) \\
  ! -regex '\\./\\(passwd\\|group\\|shadow\\|gshadow\\|subuid\\|subgid\\)-?' ! -name ld.so.cache ! -name .pwd.lock ! -name .updated |
  sort | while read -r file; do if [ -L "$file" ]; then echo "$file -> $(readlink "$file")"; else sha256sum "$file"; fi; done
section rules; for table in filter nat mangle raw; do iptables -t $table -S; ip6tables -t $table -S; done
section devices; ip -br link | cut -d' ' -f1
section routes; ip route; ip rule
section mounts; awk '{print $2, $3}' /proc/self/mounts | grep -v -e ' tmpfs$' -e '/proc/sys/fs/binfmt_misc' -e ' nsfs$' -e rpc_pipefs -e nfsd | sort
section listeners; ss -Hlntu | awk '{print $1, $5}' | sort -u
section forwarding; cat /proc/sys/net/ipv4/ip_forward
section failed; systemctl --failed --no-legend --plain
section places; ls -d /srv/* /opt/* /usr/local/*/* /var/lib/docker /var/lib/containerd /run/docker /run/swarmhub 2>/dev/null
exit 0
`;
