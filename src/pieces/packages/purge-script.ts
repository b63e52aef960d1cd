import { posix } from "node:path";
import { builtRepository, labels, volumePrefix } from "../../names.js";
import { paths } from "../../paths.js";
import { quoteAll } from "../../text/shell.js";
import { otherExportsScript } from "../shared/other-exports.js";
import { apt, environment } from "./scripts.js";

/** The image that our own images stand on. The build pulls it, so it has no label. */
export const baseImage = "debian:trixie-slim";

// Images without a name are layers of builds, and what Swarm pulled by digest for a server. With containerd's own images, its
// namespaces beside Docker's are asked too.
const imagesOfOthers = `images_of_others() {
  docker image ls --format '{{.Repository}}:{{.Tag}}' |
    grep -v -e '<none>' -e '^swarmhub/' -e '^${builtRepository}:' -e '^${baseImage}$' | sed 's/^/image /'
  [ -n "$containerd" ] && command -v ctr >/dev/null || return 0
  ctr namespaces ls -q | grep -vx -e moby -e plugins.moby | while read -r namespace; do
    ctr -n "$namespace" images ls -q | grep -v '^sha256:' | sed 's/^/image /; s/$/ of containerd/'
  done
}`;

// A home may still be mounted if its storage host is down, so nothing is erased below a mount. A disk that was mounted before
// swarmhub, or that /etc/fstab mounts, stays mounted.
const eraseFolder = `was_there() { grep -qsx "$*" ${paths.dockerBefore}; }
stays() { was_there mount "$1" || findmnt -s -rno TARGET 2>/dev/null | grep -qxF "$1"; }
unmount_below() {
  findmnt -rno TARGET | grep "^$1\\(/\\|$\\)" | sort -r | while read -r mounted; do stays "$mounted" || umount -l "$mounted"; done
  for mounted in $(findmnt -rno TARGET | grep "^$1\\(/\\|$\\)"); do
    stays "$mounted" || { echo "$mounted could not be unmounted" >&2; exit 1; }
  done
}
erase() {
  if was_there content "$1"; then return 0; fi
  for mounted in $(findmnt -rno TARGET | grep "^$1\\(/\\|$\\)"); do
    find "$mounted" -xdev -mindepth 1 -depth ! -path "$mounted/lost+found*" -delete || true
  done 2>/dev/null
  if findmnt -rno TARGET | grep -q "^$1\\(/\\|$\\)"; then
    find "$1" -xdev -mindepth 1 -depth ! -path "$1/lost+found*" -delete 2>/dev/null || true
  else
    rm -rf --one-file-system "$1"
  fi
}`;

// Its owner may have added exports since. `apt-get -s` lists what would go with each package.
const keepSharedNfs = `case " $* " in *' nfs-kernel-server '*)
  if [ -n "$(${otherExportsScript})" ]; then
    for name; do
      shift
      apt-get -s -q purge -y "$name" | grep -q '^[PR][a-z]* nfs-kernel-server ' || set -- "$@" "$name"
    done
  fi ;;
esac`;

/**
 * Purges the recorded packages, except an NFS server that others use now, and what Docker leaves in the kernel and on the disk. Fails
 * before it removes what others use: Docker with foreign containers, volumes or images, packages that later ones depend on.
 */
export const purgeScript = (names: readonly string[]): string => `{
set -e
${environment}
set -- ${quoteAll(names)}
ours=no; containerd=
for name; do
  case $name in docker.io) ours=yes ;; containerd) containerd=containerd ;; esac
done
${imagesOfOthers}
${eraseFolder}
if [ $ours = yes ]; then
  foreign=$(
    { images_of_others
      grep -L '"${labels.class}"' /var/lib/docker/containers/*/config.v2.json | xargs -r sed -n 's|.*"Name":"/\\([^"]*\\)".*|container \\1|p'
      find /var/lib/docker/volumes -mindepth 1 -maxdepth 1 -type d ! -name '${volumePrefix}*' -printf 'volume %f\\n'
    } 2>/dev/null
  ) || true
  if [ -n "$foreign" ]; then
    echo "Docker is not removed, since it has objects that swarmhub did not create: $(echo "$foreign" | head -n 5 | tr '\\n' ',' | sed 's/,$//; s/,/, /g')" >&2
    echo "if nobody needs them, remove them (docker rm -f, docker volume rm, docker image rm, ctr -n NAMESPACE images rm), then: swarmhub down" >&2
    exit 1
  fi
fi
for name; do
  shift
  if dpkg-query -W -f '\${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^.[^n]'; then set -- "$@" "$name"; fi
done
${keepSharedNfs}
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
  systemctl stop docker.socket docker.service \${containerd:+containerd.service} 2>/dev/null || true
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
  # Below /run too: after a power cut of the manager, /run/docker/netns/default was still mounted.
  for part in docker \${containerd}; do
    for folder in /var/lib/$part /run/$part; do unmount_below $folder; done
  done
  for part in docker \${containerd}; do
    for folder in /var/lib/$part /run/$part; do erase $folder; done
  done
  # The file system of its own that Docker's folder had (pieces/scratch.ts).
  rm -f ${paths.scratchFile} ${paths.scratchFile}.new ${paths.scratchMount} ${paths.scratchNeed} ${paths.scratchNote}
  rmdir ${posix.dirname(paths.scratchNeed)} ${paths.state} 2>/dev/null || true
  systemctl daemon-reload || true
  rm -f /etc/docker/key.json
  rmdir /etc/docker 2>/dev/null || true
  if [ -z "$containerd" ]; then ctr namespaces rm moby plugins.moby >/dev/null 2>&1 || true; fi
  if getent group docker >/dev/null && ! was_there group docker; then groupdel docker || true; fi
fi
# Remains of these packages after a purge.
for name; do
  case $name in
    rpcbind) userdel _rpc ;;
    nfs-common)
      umount /run/rpc_pipefs; userdel statd; rm -rf --one-file-system /var/lib/nfs
      # If they have failed, systemd lists them also after their files are gone (seen on Debian 12).
      systemctl reset-failed nfs-blkmap.service rpc-statd.service ;;
    containerd) rmdir /etc/cni/net.d /etc/cni ;;
  esac 2>/dev/null || true
done
rm -f ${paths.installedPackages} ${paths.forwardingBefore} ${paths.dockerBefore}
rmdir ${paths.configuration} 2>/dev/null || true
}
`;
