# shellcheck shell=bash
# The guests. Each is a process of user-mode Linux or QEMU and the leader of a process group of its own.

# list_guests: prints the numbers of the guests that exist
list_guests() { find "$folder" -maxdepth 1 -name 'vm*.memory' -printf '%f\n' 2>/dev/null | tr -dc '0-9\n' | sort -n; }

guest_exists() { [[ -f $folder/vm$1.memory ]]; }
guest_is_running() { daemon_is_running "$folder/vm$1.pid"; }
# The address at which this machine reaches a guest, and the one that the guest itself and the other guests know.
guest_address() { echo "$subnet_prefix.$((10 + $1))"; }
guest_own_address() { echo "$guest_prefix.$((10 + $1))"; }
guest_mac_address() { printf '02:77:00:00:00:%02x' "$1"; }
list_running_guests() { local k; for k in $(list_guests); do ! guest_is_running "$k" || echo "$k"; done; }

# create_guest K MEMORY_MB DISK_GB FOR_CLASS CONDITIONS STOCK: creates the files of a guest, but does not boot it
create_guest() {
  [[ -z $6 ]] || touch "$folder/vm$1.stock"
  truncate -s "$3G" "$folder/vm$1.data"
  printf %s "$5" >"$folder/vm$1.conditions"
  if [[ -n $5$6 ]]; then echo "$image"; else cat "$folder/image"; fi >"$folder/vm$1.image"
  echo "$2" >"$folder/vm$1.memory"
  [[ -z $4 ]] || cp --sparse=always "$cache/guest/$(<"$folder/vm$1.image")/base.img" "$folder/vm$1.img"
}

# disks_of_guest K: prints the arguments of the kernel for the two disks of a guest. The system disk is a copy-on-write layer over
# the shared image, or a full copy of it, or a layer over the system disk of a warm class. The second disk is never a layer: after
# SIGKILL, XFS on one was corrupt ("Metadata has LSN ahead of current LSN"), with a warm class of 2026-11-29 each time.
disks_of_guest() {
  local k=$1 files=/lab/labs/$name/vm$1 class
  if [[ -f $folder/vm$k.class ]]; then
    class=/lab/warm/$(<"$folder/vm$k.class")/vm$k
    echo "ubd0=$files.cow,$class.img ubd1=$files.data"
  elif [[ -f $folder/vm$k.img ]]; then
    echo "ubd0=$files.img ubd1=$files.data"
  else
    echo "ubd0=$files.cow,/lab/guest/$(<"$folder/vm$k.image")/base.img ubd1=$files.data"
  fi
}

# kernel_arguments_of_devices K: prints the arguments of the kernel for the devices of the guest's conditions
kernel_arguments_of_devices() {
  local kind device mac cards=0 disks=1
  while read -r kind device mac; do
    case $kind in
      card) echo "vec$((++cards)):transport=tap,ifname=$device,depth=128,gro=1,mac=$mac" ;;
      disk) echo "ubd$((++disks))=/lab/labs/$name/$device" ;;
    esac
  done < <(for_each_condition devices_of "$1")
}

# identity_arguments K MTU RESOLVER: prints the arguments of the kernel that tell a guest who it is
identity_arguments() { echo "lab.name=node$1 lab.ip=$(guest_own_address "$1") lab.dns=$3 lab.mtu=$2"; }

boot_guest() {
  local k=$1 mtu resolver
  mtu=$(mtu_of_guest "$k")
  in_namespace ip link delete "tap$k" 2>/dev/null || true # The old link may be cut.
  in_namespace ip tuntap add "tap$k" mode tap
  in_namespace ip link set "tap$k" mtu "$mtu" master bridge up
  resolver=$(guest_nameserver)
  rm -rf "$folder/umid/vm$k" "$folder/vm$k.log" "$folder/vm$k.ready"
  on_exit kill_unready_guest "$k"
  if guest_is_stock "$k"; then boot_stock_guest "$k" "$mtu" "$resolver"; else boot_uml_guest "$k" "$mtu" "$resolver"; fi
}

# boot_uml_guest K MTU RESOLVER: starts user-mode Linux; the tap of the guest exists
boot_uml_guest() {
  local k=$1 mtu=$2 resolver=$3 image memory disks identity
  image=$(<"$folder/vm$k.image")
  memory=$(<"$folder/vm$k.memory")
  read -ra disks <<<"$(disks_of_guest "$k") $(kernel_arguments_of_devices "$k" | tr '\n' ' ')"
  read -ra identity <<<"$(identity_arguments "$k" "$mtu" "$resolver")"
  # The bind mounts are in a mount namespace of the guest, so nothing has to be unmounted on the host.
  # Now and then the kernel loses its timer (seen in 6.12.113: it idles with one that is not armed, and takes a whole core), and the
  # guest hangs for ever. One more signal of the timer does no harm, and makes the kernel arm it again. Until the kernel handles the signal, it is ignored.
  # shellcheck disable=SC2016 # expanded by the inner shell
  start_daemon "$folder/vm$k.pid" "$folder/vm$k.log" ip netns exec "$namespace" unshare --mount sh -ec '
    kernel=$1 cache=$2; shift 2
    mount --rbind /proc "$kernel/proc"; mount --rbind /dev "$kernel/dev"; mount --bind "$cache" "$kernel/lab"
    mount -t tmpfs -o size=0 memory "$kernel/dev/shm" # The memory of the guest is a file there, and /dev/shm of the host may be too small.
    trap "" ALRM
    setpriv --pdeathsig KILL perl -e "sleep 5 while kill ALRM => $$" &
    exec chroot "$kernel" /usr/bin/linux.uml "$@"' lab "$cache/guest/$image/kernel" "$cache" \
    "mem=${memory}M" "${disks[@]}" root=/dev/ubda rw \
    "vec0:transport=tap,ifname=tap$k,depth=128,gro=1,mac=$(guest_mac_address "$k")" con=null con0=null,fd:2 con1=null,fd:1 \
    "uml_dir=/lab/labs/$name/umid" "umid=vm$k" \
    "${identity[@]}"
}

# Kills the guest without a shutdown, as a power loss would.
kill_guest() {
  stop_daemon "$folder/vm$1.pid" KILL
  rm -rf "$folder/umid/vm$1" "$folder/vm$1.ready"
}

# Cleans up after a command that started to boot a guest and ended before the guest was up.
kill_unready_guest() {
  [[ ! -f $folder/vm$1.ready && -d $folder ]] || return 0
  kill_guest "$1"
  remove_unfinished_guest "$1"
}

# Removes a guest whose first boot did not complete. The file vmK.seen shows that it did.
remove_unfinished_guest() { [[ -f $folder/vm$1.seen ]] || guest_is_running "$1" || remove_guest "$1"; }

remove_guest() {
  kill_guest "$1"
  in_namespace ip link delete "tap$1" 2>/dev/null || true
  rm -f "$folder/vm$1".*
}

# wait_for_guest K: waits until the guest can be reached, and prepares it after its first boot
wait_for_guest() {
  local k=$1
  wait_until_reachable "$k"
  [[ -f $folder/vm$k.seen ]] || prepare_guest "$k"
  touch "$folder/vm$k.ready" "$folder/vm$k.seen"
  [[ ! -s $folder/delay ]] || set_delay "$k" "$(<"$folder/delay")"
}

# wait_until_reachable K: waits until the guest has printed its host key on the console and sshd accepts a login
wait_until_reachable() {
  local seconds=180
  ! guest_is_stock "$1" || seconds=900 # 30 s on an idle machine, more than 180 s on a busy one
  wait_until "$seconds" guest_printed_key "$1" || report_failed_boot "$1"
  trust_host_key "$1"
  wait_until "$seconds" guest_accepts_ssh "$1" || report_failed_boot "$1"
}

report_failed_boot() {
  tail -5 "$folder/vm$1.log" >&2
  die "guest $1 did not boot. Its console output: $folder/vm$1.log"
}

guest_printed_key() { require_alive "$1" && grep -qs '^lab-host-key ' "$folder/vm$1.log"; }
guest_accepts_ssh() { require_alive "$1" && guest_ssh "$1" true >/dev/null 2>&1; }
require_alive() { guest_is_running "$1" || report_failed_boot "$1"; }

# trust_host_key K: writes the host key and the name of the guest to the files that ssh clients use
trust_host_key() {
  local k=$1 key address
  key=$(sed -n 's/^lab-host-key \([^\r]*\)\r*$/\1/p' "$folder/vm$k.log" | tail -1)
  lock "known-$name"
  for address in $(printf '%s\n' "$(guest_address "$k")" "$(guest_own_address "$k")" | sort -u); do
    touch "$folder/known_hosts"
    { grep -v "^$address " "$folder/known_hosts" || true; } >"$folder/known_hosts.new"
    echo "$address $key" >>"$folder/known_hosts.new"
    mv "$folder/known_hosts.new" "$folder/known_hosts"
  done
  unlock "known-$name"
  write_ssh_config
}

write_ssh_config() {
  local k
  {
    echo "# Written by swarmhub's scripts/lab."
    for k in $(list_guests); do
      printf 'Host node%s\n  HostName %s\n' "$k" "$(guest_address "$k")"
    done
    cat <<CONFIG
Host node*
  User debian
  IdentityFile $cache/key
  IdentitiesOnly yes
  UserKnownHostsFile $folder/known_hosts
  StrictHostKeyChecking yes
CONFIG
  } >"$folder/ssh_config.new"
  mv "$folder/ssh_config.new" "$folder/ssh_config"
}

# guest_ssh K [COMMAND…]: logs in on the guest as user debian
guest_ssh() {
  local k=$1 seconds=5
  shift
  ! guest_is_stock "$k" || seconds=60
  # Without ServerAlive, ssh waits for ever for a guest that hangs.
  ssh -o LogLevel=ERROR -o ServerAliveInterval=15 -o ServerAliveCountMax=8 -F "$folder/ssh_config" -o ConnectTimeout="$seconds" "node$k" "$@"
}

# require_guest K: ends with an error message if the guest does not exist
require_guest() {
  [[ $1 =~ ^[0-9]+$ ]] || usage_error "'$1' is not the number of a guest (1, 2, …)."
  guest_exists "$1" || die "there is no guest $1 in lab '$name'. Its guests: $(list_guests | tr '\n' ' ')"
}

require_running_guest() {
  require_guest "$1"
  guest_is_running "$1" || die "guest $1 is off. To boot it: scripts/lab${name_flag} boot $1"
}
