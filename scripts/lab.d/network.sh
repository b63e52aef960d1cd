# shellcheck shell=bash
# The lab's network: a namespace with a bridge for the guests, one cable to the host, and the way out to the package
# registries. Two labs never reach each other.

# The number of this lab's subnet: the first that no other lab has, remembered for as long as the lab, or something saved from it, exists.
choose_number() {
  [[ -f $folder/number ]] && return
  lock numbers
  local number taken
  mkdir -p "$folder"
  if [[ -f $saved/number ]]; then
    cp "$saved/number" "$folder/number"
  else
    taken=" $(find "$cache"/{labs,saved} -mindepth 2 -maxdepth 2 -name number -exec cat {} + 2>/dev/null | tr '\n' ' ' || true) "
    for ((number = 0; number < 250; number++)); do
      [[ $taken == *" $number "* ]] || [[ -n $(ip route show "10.77.$number.0/24") ]] || break
    done
    ((number < 250)) || die "all 250 subnets are taken. Remove labs that are not needed: scripts/lab --name NAME down"
    echo "$number" >"$folder/number"
  fi
  unlock numbers
}

# read_number: sets the addresses of the lab
read_number() {
  local number
  [[ -f $folder/number ]] || return 1
  number=$(<"$folder/number")
  prefix=10.77.$number
  gateway=$prefix.1
  host_end=10.78.$number.1
  lab_end=10.78.$number.2
  cable=swarmhub$number
}

network_is_up() { [[ -e /run/netns/$namespace ]] && in_lab ip link show bridge >/dev/null 2>&1; }

# in_lab COMMAND…: in the lab's network
in_lab() { ip netns exec "$namespace" "$@"; }

network_up() {
  lock network
  claim_namespace
  network_is_up || make_network
  unlock network
}

# Namespaces are the machine's, labs are a cache's: two caches must not mean the same one.
claim_namespace() {
  namespace_is_ours ||
    die "a lab '$name' runs already, from the cache $(<"/run/swarmhub-lab/$name"). Choose another name: scripts/lab --name NAME up 3"
  mkdir -p /run/swarmhub-lab
  echo "$cache" >"/run/swarmhub-lab/$name"
}

namespace_is_ours() {
  [[ ! -e /run/netns/$namespace || $(cat "/run/swarmhub-lab/$name" 2>/dev/null || echo "$cache") == "$cache" ]]
}

make_network() {
  network_down # of a lab that was left half made
  local mtu
  # The way out may be narrower than 1500 (a tunnel, a cloud); a guest that does not know it would see big packets vanish.
  mtu=$(way_out | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -1)
  mtu=$(cat "/sys/class/net/${mtu:-lo}/mtu")
  ((mtu <= 1500)) || mtu=1500
  forward_packets
  ip netns add "$namespace"
  ip link add "$cable" mtu "$mtu" type veth peer name outside mtu "$mtu" netns "$namespace"
  ip address add "$host_end/30" dev "$cable"
  ip link set "$cable" up
  ip route replace "$prefix.0/24" via "$lab_end"
  each_rule add_rule
  ip -netns "$namespace" -batch - <<BATCH
link set lo up
address add $lab_end/30 dev outside
link set outside up
route add default via $host_end
link add bridge type bridge
address add $gateway/24 dev bridge
link set bridge up
BATCH
  in_lab sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

way_out() { ip route get 1.1.1.1 2>/dev/null || ip route show default; }

network_down() {
  each_rule remove_rule
  ip link delete "$cable" 2>/dev/null || true
  ip route delete "$prefix.0/24" 2>/dev/null || true
  if [[ -e /run/netns/$namespace ]] && namespace_is_ours; then
    # Whoever is in it is ours, also what a killed scripts/lab had no time to write down.
    ip netns pids "$namespace" | xargs -r kill -KILL 2>/dev/null || true
    ip netns delete "$namespace"
    rm -f "/run/swarmhub-lab/$name"
  fi
  forward_packets_no_more
}

# each_rule DO: our own rules, ahead of the host's, whose policy stays as it is. The last is the first to be asked.
each_rule() {
  "$1" nat POSTROUTING -s "$prefix.0/24" ! -o "$cable" -j MASQUERADE
  "$1" nat POSTROUTING -s "$lab_end/32" ! -o "$cable" -j MASQUERADE
  "$1" filter FORWARD -o "$cable" -j ACCEPT
  "$1" filter FORWARD -i "$cable" -j ACCEPT
  "$1" filter FORWARD -i "$cable" -o swarmhub+ -j DROP
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

# The host's switch for forwarding is put back when the last lab goes, if it was a lab that turned it on.
forward_packets() {
  local switch=/proc/sys/net/ipv4/ip_forward
  [[ $(<"$switch") == 1 ]] && return
  echo 0 >"$cache/ip_forward.was"
  echo 1 >"$switch"
}

forward_packets_no_more() {
  [[ -f $cache/ip_forward.was ]] || return 0
  # Not `ip link | grep -q`: grep ends first, ip dies of the closed pipe, and with pipefail that reads as "none".
  compgen -G '/sys/class/net/swarmhub[0-9]*' >/dev/null && return
  cat "$cache/ip_forward.was" >/proc/sys/net/ipv4/ip_forward
  rm -f "$cache/ip_forward.was"
}

# guests_resolver: a name server that can be asked from a guest (the host's own stub on loopback cannot)
guests_resolver() {
  local file server
  for file in /etc/resolv.conf /run/systemd/resolve/resolv.conf; do
    [[ -f $file ]] || continue
    server=$(awk '$1 == "nameserver" && $2 !~ /^127\.|:/ { print $2; exit }' "$file")
    [[ -z $server ]] || { echo "$server" && return; }
  done
  die "no name server that guests could ask: /etc/resolv.conf names only this machine itself."
}
