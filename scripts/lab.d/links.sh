# shellcheck shell=bash
# Changes the network link of a guest: disconnects it, reconnects it, slows it down.

# Disables the port of the bridge and leaves the tap device up: a guest that writes to a tap device that is down never uses its
# network again.
disconnect_link() { in_namespace bridge link set dev "tap$1" state 0; }
reconnect_link() { in_namespace bridge link set dev "tap$1" state 3; }
link_is_disconnected() { in_namespace bridge link show dev "tap$1" 2>/dev/null | grep -q 'state disabled'; }

set_delay_of_all() {
  local k
  echo "$1" >"$folder/delay" # Guests that boot later read it.
  for k in $(list_running_guests); do set_delay "$k" "$1"; done
}

# set_delay K MS: delays packets inside the guest, because the kernels of many hosts have no netem. Only packets to the operator are
# delayed, and only in this direction, so a round trip takes MS longer. The guests reach each other without a delay, like machines
# in one data centre.
set_delay() {
  local k=$1 ms=$2
  guest_ssh "$k" "sudo sh -ec '
    card=\$(ls /sys/class/net | grep -x -e vec0 -e eth0)
    tc qdisc del dev \$card root 2>/dev/null || true
    [ $ms = 0 ] && exit
    tc qdisc add dev \$card root handle 1: prio bands 4 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1
    tc qdisc add dev \$card parent 1:4 handle 40: netem delay ${ms}ms limit 10000
    for operator in $host_address/32 $gateway/32; do
      tc filter add dev \$card parent 1: protocol ip u32 match ip dst \$operator flowid 1:4
    done'" || die "guest $k could not set the delay"
}
