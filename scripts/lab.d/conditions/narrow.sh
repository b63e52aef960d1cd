# shellcheck shell=bash
# narrow: the cable has an MTU of 1400, and the network drops the ICMP that would say so; give it to all guests of a lab

restore_narrow() {
  local chain
  in_namespace ip link set bridge mtu 1400 # The bridge public takes the smallest MTU of its cards by itself.
  for chain in OUTPUT FORWARD; do
    in_namespace iptables -w 10 -C "$chain" -p icmp --icmp-type destination-unreachable -j DROP 2>/dev/null ||
      in_namespace iptables -w 10 -I "$chain" -p icmp --icmp-type destination-unreachable -j DROP
  done
}

# mtu_of_guest K: prints the MTU of the guest's cards (bytes)
mtu_of_guest() {
  if has_condition "$1" narrow; then echo 1400; else in_namespace cat /sys/class/net/outside/mtu; fi
}
