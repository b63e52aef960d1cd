import { enginePackages } from "../../names.js";
import { paths } from "../../paths.js";
import { quoteAll } from "../../text/shell.js";

/** apt-get, and the environment (needrestart only lists services: with its mode `a` it restarts those of others) of each script that calls it. */
export const apt = "apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Languages=none";
export const environment = "export LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l";

// What `down` must keep: mounts, folders with content (Docker may have been there before), and the group.
const recordDocker = `  for folder in /var/lib/docker /var/lib/containerd; do
    findmnt -rno TARGET | grep "^$folder\\(/\\|$\\)" | sed 's/^/mount /'
    [ -z "$(find $folder -mindepth 1 -maxdepth 1 ! -name lost+found 2>/dev/null)" ] || echo "content $folder"
  done >${paths.dockerBefore}
  if getent group docker >/dev/null; then echo 'group docker' >>${paths.dockerBefore}; fi`;

/**
 * A script that keeps apt from upgrading Docker while the class is up, since each upgrade of docker.io or containerd restarts all
 * containers. It records what it holds; `down` releases that, and not what the owner held.
 */
export const holdScript = `mkdir -p ${paths.configuration}
for package in ${enginePackages.join(" ")}; do
  [ "$(dpkg-query -W -f '\${db:Status-Abbrev}' $package 2>/dev/null)" = 'ii ' ] || continue
  grep -qsx $package ${paths.heldPackages} || echo $package >>${paths.heldPackages}
  apt-mark -q hold $package >/dev/null
done`;

/** A script that releases what `holdScript` held. */
export const releaseScript = `while read -r package; do
  if dpkg-query -W $package >/dev/null 2>&1; then apt-mark -q unhold $package >/dev/null; fi
done <${paths.heldPackages}
rm -f ${paths.heldPackages}
rmdir ${paths.configuration} 2>/dev/null || true`;

/**
 * Installs packages. Before that it records the new ones (`down` removes them), what the machine has already, and its IP
 * forwarding, which Docker changes. In Debian trixie Docker's command line is a separate package, and so is BuildKit,
 * for a machine that `builds`. `prepare` runs just before the installation, which starts Docker. Fails before apt removes a package: docker.io of Ubuntu replaces containerd.io of Docker's repository.
 */
export const installScript = (
  names: readonly string[],
  { builds = false, prepare = "" }: { builds?: boolean; prepare?: string | undefined } = {},
): string => `{
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
${recordDocker}
  { cat /proc/sys/net/ipv4/ip_forward
    for command in iptables ip6tables; do
      policy=$($command -w -S FORWARD 2>/dev/null | sed -n 's/^-P FORWARD //p')
      echo "\${policy:-ACCEPT}"
    done
  } >${paths.forwardingBefore}.new
  mv ${paths.forwardingBefore}.new ${paths.forwardingBefore}
fi
changes=$(apt-get -s -q install -y --no-install-recommends "$@")
removed=$(printf '%s\\n' "$changes" | sed -n 's/^Remv \\([^ ]*\\).*/\\1/p')
if [ -n "$removed" ]; then
  echo "nothing is installed, since apt would remove packages that others use: $(echo $removed)" >&2
  exit 1
fi
new=$(printf '%s\\n' "$changes" | sed -n 's/^Inst \\([^ ]*\\) (.*/\\1/p')
touch ${paths.installedPackages}
printf '%s\\n' "$new" | cat ${paths.installedPackages} - | sort -u | sed '/^$/d' >${paths.installedPackages}.new
mv ${paths.installedPackages}.new ${paths.installedPackages}
${prepare}
# The retry repairs packages that an interrupted run left half configured; apt does not do that by itself.
${apt} install -y --no-install-recommends "$@" || { dpkg --configure -a; ${apt} install -y --no-install-recommends "$@"; }
${holdScript}
}
`;
