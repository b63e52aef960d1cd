# shellcheck shell=bash
# proxy: the guest's only way out is an HTTP proxy, LAB_PROXY of env; no program of the guest is told of it

not_with_proxy=second-card

proxy_port=3128

# The machine that runs swarmhub is outside, too, so answers to it pass.
restore_proxy() {
  local k
  ensure_packages 'to run the HTTP proxy of guests' tinyproxy:tinyproxy-bin
  for k in $(list_guests); do
    ! has_condition "$k" proxy || close_way_out "$(guest_own_address "$k")"
  done
  daemon_is_running "$folder/proxy.pid" && return
  printf '%s\n' "Port $proxy_port" "Listen $gateway" "Allow $guest_prefix.0/24" 'Timeout 600' 'MaxClients 200' 'LogLevel Connect' >"$folder/proxy.conf"
  start_daemon "$folder/proxy.pid" "$folder/proxy.log" ip netns exec "$namespace" tinyproxy -d -c "$folder/proxy.conf"
  wait_until 10 in_namespace bash -c "</dev/tcp/$gateway/$proxy_port" 2>/dev/null || die "the HTTP proxy does not start. Its output: $folder/proxy.log"
}

close_way_out() {
  local rule=(FORWARD -s "$1/32" -o outside -m conntrack ! --ctstate ESTABLISHED,RELATED -j DROP)
  in_namespace iptables -w 10 -C "${rule[@]}" 2>/dev/null || in_namespace iptables -w 10 -I "${rule[@]}"
}
