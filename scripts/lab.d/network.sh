# shellcheck shell=bash
# The network of a lab: a namespace with a bridge for the guests, a veth pair to the host, and NAT to the package registries.
# Two labs cannot reach each other. In a lab for classes the guests have the same addresses in every lab, 10.77.0.11 and so on,
# because a class remembers them. This machine reaches them at the addresses of the lab: the namespace translates.

# Chooses the subnet 10.77.NUMBER.0/24: the first one that no other lab uses. It stays the same as long as the lab or one of its
# snapshots exists.
choose_subnet() {
  [[ -f $folder/number ]] && return
  lock numbers
  local number used_numbers
  mkdir -p "$folder"
  if [[ -f $snapshots/number ]]; then
    cp "$snapshots/number" "$folder/number"
  else
    used_numbers=" $(find "$cache"/{labs,saved} -mindepth 2 -maxdepth 2 -name number -exec cat {} + 2>/dev/null | tr '\n' ' ' || true) "
    for ((number = 1; number < 250; number++)); do # 10.77.0.0/24 is the subnet inside labs for classes.
      [[ $used_numbers == *" $number "* ]] || [[ -n $(ip route show "10.77.$number.0/24") ]] || break
    done
    ((number < 250)) || die "all 249 subnets are in use. Remove a lab that you do not need: scripts/lab --name NAME down"
    echo "$number" >"$folder/number"
  fi
  unlock numbers
}

# read_subnet: sets the variables with the addresses of the lab; fails if the lab has no subnet
read_subnet() {
  local number
  [[ -f $folder/number ]] || return 1
  number=$(<"$folder/number")
  subnet_prefix=10.77.$number
  guest_prefix=$subnet_prefix
  ! is_class_lab || guest_prefix=10.77.0
  gateway=$guest_prefix.1
  host_address=10.78.$number.1
  lab_address=10.78.$number.2
  host_interface=swarmhub$number
}

is_class_lab() { [[ -f $folder/for-classes ]]; }

network_is_up() { [[ -e /run/netns/$namespace ]] && in_namespace ip link show bridge >/dev/null 2>&1; }

# in_namespace COMMAND…: runs the command in the network namespace of the lab
in_namespace() { ip netns exec "$namespace" "$@"; }

network_up() {
  lock network
  claim_namespace
  network_is_up || create_network
  unlock network
}

# Namespaces belong to the whole machine, labs to one cache: two labs of the same name in two caches must not share a namespace.
claim_namespace() {
  namespace_is_ours ||
    die "a lab '$name' of another cache is running: $(<"/run/swarmhub-lab/$name"). Choose another name: scripts/lab --name NAME up 3"
  mkdir -p /run/swarmhub-lab
  echo "$cache" >"/run/swarmhub-lab/$name"
}

namespace_is_ours() {
  [[ ! -e /run/netns/$namespace || $(cat "/run/swarmhub-lab/$name" 2>/dev/null || echo "$cache") == "$cache" ]]
}

create_network() {
  network_down # Removes the rest of an attempt that was interrupted.
  local mtu
  # The MTU of the default route may be less than 1500 (a tunnel, a cloud). A guest with a greater MTU would lose large packets.
  mtu=$(default_route | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -1)
  mtu=$(cat "/sys/class/net/${mtu:-lo}/mtu")
  ((mtu <= 1500)) || mtu=1500
  enable_ip_forwarding
  ip netns add "$namespace"
  ip link add "$host_interface" mtu "$mtu" type veth peer name outside mtu "$mtu" netns "$namespace"
  ip address add "$host_address/30" dev "$host_interface"
  ip link set "$host_interface" up
  ip route replace "$subnet_prefix.0/24" via "$lab_address"
  for_each_rule add_rule
  ip -netns "$namespace" -batch - <<BATCH
link set lo up
address add $lab_address/30 dev outside
link set outside up
route add default via $host_address
link add bridge type bridge
address add $gateway/24 dev bridge
link set bridge up
BATCH
  in_namespace sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
  [[ $guest_prefix == "$subnet_prefix" ]] || translate_addresses
}

# Maps the subnet of the lab one-to-one to the subnet that the guests know, for this machine and for processes in the namespace.
translate_addresses() {
  in_namespace ip route add "$subnet_prefix.0/24" dev bridge src "$gateway"
  in_namespace iptables-restore -w 10 <<RULES
*nat
-A PREROUTING -d $subnet_prefix.0/24 -j NETMAP --to $guest_prefix.0/24
-A OUTPUT -d $subnet_prefix.0/24 -j NETMAP --to $guest_prefix.0/24
-A POSTROUTING -s $guest_prefix.0/24 -o outside -j NETMAP --to $subnet_prefix.0/24
COMMIT
RULES
}

default_route() { ip route get 1.1.1.1 2>/dev/null || ip route show default; }

network_down() {
  for_each_rule remove_rule
  ip link delete "$host_interface" 2>/dev/null || true
  ip route delete "$subnet_prefix.0/24" 2>/dev/null || true
  if [[ -e /run/netns/$namespace ]] && namespace_is_ours; then
    # All processes in the namespace are ours, also those that a killed scripts/lab started before it could record their pids.
    ip netns pids "$namespace" | xargs -r kill -KILL 2>/dev/null || true
    ip netns delete "$namespace"
    rm -f "/run/swarmhub-lab/$name"
  fi
  restore_ip_forwarding
}

# for_each_rule FUNCTION: calls it for each of our rules. They are inserted before the rules of the host, whose policy stays as it
# is. The last rule here is the first in the chain.
for_each_rule() {
  "$1" nat POSTROUTING -s "$subnet_prefix.0/24" ! -o "$host_interface" -j MASQUERADE
  "$1" nat POSTROUTING -s "$lab_address/32" ! -o "$host_interface" -j MASQUERADE
  "$1" filter FORWARD -o "$host_interface" -j ACCEPT
  "$1" filter FORWARD -i "$host_interface" -j ACCEPT
  "$1" filter FORWARD -i "$host_interface" -o swarmhub+ -j DROP
}

add_rule() {
  local table=$1 chain=$2
  shift 2
  iptables -w 10 -t "$table" -C "$chain" "$@" 2>/dev/null || iptables -w 10 -t "$table" -I "$chain" 1 "$@"
}

remove_rule() {
  local table=$1 chain=$2
  shift 2
  while iptables -w 10 -t "$table" -D "$chain" "$@" 2>/dev/null; do :; done
}

# If a lab turned on IP forwarding on the host, it is turned off again when the last lab is removed.
enable_ip_forwarding() {
  local switch=/proc/sys/net/ipv4/ip_forward
  [[ $(<"$switch") == 1 ]] && return
  echo 0 >"$cache/ip_forward.was"
  echo 1 >"$switch"
}

restore_ip_forwarding() {
  [[ -f $cache/ip_forward.was ]] || return 0
  # `ip link | grep -q` would not work: grep ends first, SIGPIPE ends ip, and with pipefail that looks like "no match".
  compgen -G '/sys/class/net/swarmhub[0-9]*' >/dev/null && return
  cat "$cache/ip_forward.was" >/proc/sys/net/ipv4/ip_forward
  rm -f "$cache/ip_forward.was"
}

# guest_nameserver: prints a name server that guests can reach, so not a stub resolver on the loopback address of the host
guest_nameserver() {
  local file server
  for file in /etc/resolv.conf /run/systemd/resolve/resolv.conf; do
    [[ -f $file ]] || continue
    server=$(awk '$1 == "nameserver" && $2 !~ /^127\.|:/ { print $2; exit }' "$file")
    [[ -z $server ]] || { echo "$server" && return; }
  done
  die "guests cannot reach a name server: /etc/resolv.conf lists only loopback addresses."
}
