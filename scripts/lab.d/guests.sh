# shellcheck shell=bash
# The guests: user-mode Linux processes, each the leader of a process group of its own.

# list_guests: the numbers of the guests that exist
list_guests() { find "$folder" -maxdepth 1 -name 'vm*.memory' -printf '%f\n' 2>/dev/null | tr -dc '0-9\n' | sort -n; }

guest_exists() { [[ -f $folder/vm$1.memory ]]; }
guest_is_running() { daemon_is_running "$folder/vm$1.pid"; }
guest_address() { echo "$subnet_prefix.$((10 + $1))"; }
guest_mac_address() { printf '02:77:00:00:%02x:%02x' "$(<"$folder/number")" "$1"; }
list_running_guests() { local k; for k in $(list_guests); do ! guest_is_running "$k" || echo "$k"; done; }

# make_guest K MEMORY_MB DISK_GB
make_guest() {
  truncate -s "$3G" "$folder/vm$1.data"
  cp "$folder/image" "$folder/vm$1.image"
  echo "$2" >"$folder/vm$1.memory"
}

boot_guest() {
  local k=$1 image memory mtu resolver
  image=$(<"$folder/vm$k.image")
  memory=$(<"$folder/vm$k.memory")
  mtu=$(in_namespace cat /sys/class/net/outside/mtu)
  in_namespace ip link delete "tap$k" 2>/dev/null || true # a cable that was cut is a new one
  in_namespace ip tuntap add "tap$k" mode tap
  in_namespace ip link set "tap$k" mtu "$mtu" master bridge up
  resolver=$(guest_nameserver)
  rm -rf "$folder/umid/vm$k" "$folder/vm$k.log" "$folder/vm$k.ready"
  on_exit kill_unready_guest "$k"
  # The bind mounts are in a namespace of the guest's own: on the host there is nothing to unmount.
  # shellcheck disable=SC2016 # expanded by the inner shell
  start_daemon "$folder/vm$k.pid" "$folder/vm$k.log" ip netns exec "$namespace" unshare --mount sh -ec '
    kernel=$1 cache=$2; shift 2
    mount --rbind /proc "$kernel/proc"; mount --rbind /dev "$kernel/dev"; mount --bind "$cache" "$kernel/lab"
    mount -t tmpfs -o size=0 memory "$kernel/dev/shm" # its memory is a file there, and the host may have bounded its own
    exec chroot "$kernel" /usr/bin/linux.uml "$@"' lab "$cache/guest/$image/kernel" "$cache" \
    "mem=${memory}M" "ubd0=/lab/labs/$name/vm$k.cow,/lab/guest/$image/base.img" "ubd1=/lab/labs/$name/vm$k.data" root=/dev/ubda rw \
    "vec0:transport=tap,ifname=tap$k,depth=128,gro=1,mac=$(guest_mac_address "$k")" con=null con0=null,fd:2 con1=null,fd:1 \
    "uml_dir=/lab/labs/$name/umid" "umid=vm$k" \
    "lab.name=node$k" "lab.ip=$(guest_address "$k")" "lab.dns=$resolver" "lab.mtu=$mtu"
}

# Pull the plug.
kill_guest() {
  stop_daemon "$folder/vm$1.pid" KILL
  rm -rf "$folder/umid/vm$1" "$folder/vm$1.ready"
}

# What a command began to boot and did not see come up is not left behind.
kill_unready_guest() {
  [[ ! -f $folder/vm$1.ready && -d $folder ]] || return 0
  kill_guest "$1"
  remove_unfinished_guest "$1"
}

# A guest whose first boot was cut short is made anew.
remove_unfinished_guest() { [[ -f $folder/vm$1.seen ]] || guest_is_running "$1" || remove_guest "$1"; }

remove_guest() {
  kill_guest "$1"
  in_namespace ip link delete "tap$1" 2>/dev/null || true
  rm -f "$folder/vm$1".*
}

# wait_for_guest K: until its host key came over the console and sshd lets us in
wait_for_guest() {
  local k=$1
  wait_until 180 guest_printed_key "$k" || report_failed_boot "$k"
  trust_host_key "$k"
  wait_until 120 guest_accepts_ssh "$k" || report_failed_boot "$k"
  touch "$folder/vm$k.ready" "$folder/vm$k.seen"
  [[ ! -s $folder/delay ]] || set_delay "$k" "$(<"$folder/delay")"
}

report_failed_boot() {
  tail -5 "$folder/vm$1.log" >&2
  die "guest $1 did not come up. Its console: $folder/vm$1.log"
}

guest_printed_key() { require_alive "$1" && grep -q '^lab-host-key ' "$folder/vm$1.log"; }
guest_accepts_ssh() { require_alive "$1" && guest_ssh "$1" true >/dev/null 2>&1; }
require_alive() { guest_is_running "$1" || report_failed_boot "$1"; }

# trust_host_key K: its host key and its name, for every ssh client
trust_host_key() {
  local k=$1 key
  key=$(sed -n 's/^lab-host-key \([^\r]*\)\r*$/\1/p' "$folder/vm$k.log" | tail -1)
  lock "known-$name"
  touch "$folder/known_hosts"
  { grep -v "^$(guest_address "$k") " "$folder/known_hosts" || true; } >"$folder/known_hosts.new"
  echo "$(guest_address "$k") $key" >>"$folder/known_hosts.new"
  mv "$folder/known_hosts.new" "$folder/known_hosts"
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

# guest_ssh K [COMMAND…]: as user debian
guest_ssh() {
  local k=$1
  shift
  ssh -o LogLevel=ERROR -F "$folder/ssh_config" -o ConnectTimeout=5 "node$k" "$@"
}

# require_guest K: end with a clear word unless it exists
require_guest() {
  [[ $1 =~ ^[0-9]+$ ]] || usage_error "'$1' is not the number of a guest (1, 2, …)."
  guest_exists "$1" || die "there is no guest $1 in lab '$name'. It has: $(list_guests | tr '\n' ' ')"
}

require_running_guest() {
  require_guest "$1"
  guest_is_running "$1" || die "guest $1 is off. To start it: scripts/lab${name_flag} boot $1"
}
