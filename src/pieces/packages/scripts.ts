import { labels, volumePrefix } from "../../names.js";
import { paths } from "../../paths.js";
import { quoteAll } from "../../text/shell.js";

const apt = "apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Languages=none";
const environment = "export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a";

/**
 * Installs packages. Before that it records the new ones (`down` removes them) and the machine's IP forwarding, which Docker
 * changes. In Debian trixie Docker's command line is a separate package, and so is BuildKit, for a machine that `builds`.
 */
export const installScript = (names: readonly string[], { builds = false } = {}): string => `{
set -e
${environment}
mkdir -p ${paths.configuration}
# A new machine often runs its own first update at this moment; apt waits for dpkg's lock but not for this one.
waited=0
until output=$(${apt} update 2>&1); do
  case $output in *'Could not get lock'*) ;; *) waited=300 ;; esac
  if [ $waited -ge 300 ]; then printf '%s\\n' "$output" >&2; exit 1; fi
  waited=$((waited + 3)); sleep 3
done
set -- ${quoteAll(names)}
for name; do
  [ "$name" = docker.io ] || continue
${["docker-cli", ...(builds ? ["docker-buildx"] : [])]
  .map((more) => `  if apt-cache show ${more} >/dev/null 2>&1; then set -- "$@" ${more}; fi`)
  .join("\n")}
done
if [ ! -e ${paths.forwardingBefore} ]; then
  { cat /proc/sys/net/ipv4/ip_forward
    for command in iptables ip6tables; do
      policy=$($command -S FORWARD 2>/dev/null | sed -n 's/^-P FORWARD //p')
      echo "\${policy:-ACCEPT}"
    done
  } >${paths.forwardingBefore}.new
  mv ${paths.forwardingBefore}.new ${paths.forwardingBefore}
fi
new=$(apt-get -s -q install -y --no-install-recommends "$@" | sed -n 's/^Inst \\([^ ]*\\) (.*/\\1/p')
touch ${paths.installedPackages}
printf '%s\\n' "$new" | cat ${paths.installedPackages} - | sort -u | sed '/^$/d' >${paths.installedPackages}.new
mv ${paths.installedPackages}.new ${paths.installedPackages}
# The retry repairs packages that an interrupted run left half configured; apt does not do that by itself.
${apt} install -y --no-install-recommends "$@" || { dpkg --configure -a; ${apt} install -y --no-install-recommends "$@"; }
}
`;

/**
 * Purges the recorded packages, and what Docker leaves in the kernel and on the disk. Fails before it removes what others use:
 * Docker with foreign containers or volumes, packages that later ones depend on.
 */
export const purgeScript = (names: readonly string[]): string => `{
set -e
${environment}
set -- ${quoteAll(names)}
ours=no; for name; do if [ "$name" = docker.io ]; then ours=yes; fi; done
if [ $ours = yes ]; then
  foreign=$(
    { grep -L '"${labels.class}"' /var/lib/docker/containers/*/config.v2.json | xargs -r sed -n 's|.*"Name":"/\\([^"]*\\)".*|container \\1|p'
      find /var/lib/docker/volumes -mindepth 1 -maxdepth 1 -type d ! -name '${volumePrefix}*' -printf 'volume %f\\n'
    } 2>/dev/null
  ) || true
  if [ -n "$foreign" ]; then
    echo "Docker is not removed, since it has objects that swarmhub did not create: $(echo "$foreign" | head -n 5 | tr '\\n' ',' | sed 's/,$//; s/,/, /g')" >&2
    exit 1
  fi
fi
for name; do
  shift
  if dpkg-query -W -f '\${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^.[^n]'; then set -- "$@" "$name"; fi
done
if [ $# -gt 0 ]; then
  dependents=$(apt-get -s -q purge -y "$@" | sed -n 's/^\\(Purg\\|Remv\\) \\([^ ]*\\).*/\\2/p' | while read -r purged; do
    for name; do [ "$name" != "$purged" ] || continue 2; done
    echo "$purged"
  done)
  if [ -n "$dependents" ]; then
    echo "other packages depend on those that swarmhub installed: $(echo $dependents)" >&2
    exit 1
  fi
fi
if [ $ours = yes ]; then
  systemctl stop docker.socket docker.service containerd.service 2>/dev/null || true
  # Before the purge removes iptables.
  for device in docker0 docker_gwbridge; do ip link delete $device 2>/dev/null || true; done
  for command in iptables ip6tables; do
    command -v $command >/dev/null || continue
    for table in filter nat raw mangle; do
      $command -w -t $table -S 2>/dev/null | grep -E '^-A .*(DOCKER|docker0|docker_gwbridge)' | sed 's/^-A/-D/' |
        while read -r rule; do printf '%s\\n' "$rule" | xargs $command -w -t $table || true; done
      $command -w -t $table -S 2>/dev/null | sed -n 's/^-N \\(DOCKER.*\\)/\\1/p' |
        while read -r chain; do $command -w -t $table -X "$chain" || true; done
    done
  done
  if [ -e ${paths.forwardingBefore} ]; then
    { read -r forward; read -r policy; read -r policy6; } <${paths.forwardingBefore} || true
    if command -v iptables >/dev/null; then iptables -w -P FORWARD "\${policy:-ACCEPT}" || true; fi
    if command -v ip6tables >/dev/null; then ip6tables -w -P FORWARD "\${policy6:-ACCEPT}" || true; fi
    echo "$forward" >/proc/sys/net/ipv4/ip_forward
  fi
fi
[ $# -eq 0 ] || ${apt} purge -y "$@"
if [ $ours = yes ]; then
  # A home may still be mounted there if its storage host is down; nothing in it may be deleted.
  findmnt -rno TARGET | grep '^/var/lib/docker\\(/\\|$\\)' | sort -r | while read -r mounted; do umount -l "$mounted"; done
  if findmnt -rno TARGET | grep '^/var/lib/docker\\(/\\|$\\)' >&2; then echo "the mounts above could not be unmounted" >&2; exit 1; fi
  rm -rf --one-file-system /var/lib/docker /var/lib/containerd /run/docker /etc/docker/key.json
  rmdir /etc/docker 2>/dev/null || true
  if getent group docker >/dev/null; then groupdel docker || true; fi
fi
# Remains of these packages after a purge.
for name; do
  case $name in
    rpcbind) userdel _rpc ;;
    nfs-common) umount /run/rpc_pipefs; userdel statd; rm -rf --one-file-system /var/lib/nfs ;;
    containerd) rmdir /etc/cni/net.d /etc/cni ;;
  esac 2>/dev/null || true
done
rm -f ${paths.installedPackages} ${paths.forwardingBefore}
rmdir ${paths.configuration} 2>/dev/null || true
}
`;
