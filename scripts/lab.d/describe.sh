# shellcheck shell=bash
# Prints the state of a lab on stdout, for people (status) and for programs (env).

print_env() {
  shell_assignment LAB_NAME "$name"
  shell_assignment LAB_FOLDER "$folder"
  shell_assignment LAB_NAMESPACE "$namespace"
  shell_assignment LAB_GUESTS "$(list_guests | wc -l)"
  shell_assignment LAB_SSH_CONFIG "$folder/ssh_config"
  shell_assignment LAB_KNOWN_HOSTS "$folder/known_hosts"
  shell_assignment LAB_KEY "$cache/key"
  shell_assignment LAB_SUBNET "$subnet_prefix.0/24"
  shell_assignment LAB_GUEST_SUBNET "$guest_prefix.0/24"
  shell_assignment LAB_REGISTRY "$gateway:5000"
  shell_assignment LAB_IMAGE "$notebook_image"
  shell_assignment LAB_OPERATOR "$host_address"
  shell_assignment LAB_PROXY "http://$gateway:$proxy_port"
}

shell_assignment() { printf '%s=%q\n' "$1" "$2"; }

print_status() {
  local k state link inside=
  [[ $guest_prefix == "$subnet_prefix" ]] || inside=$guest_prefix.0/24
  printf 'lab %s  %s.0/24%s  namespace %s\n' "$name" "$subnet_prefix" "${inside:+ (inside: $inside)}" "$namespace"
  for k in $(list_guests); do
    state=off link=up
    guest_is_running "$k" && state=running
    ! link_is_disconnected "$k" || link=down
    printf 'node%-3s %-14s %-8s %6s MB  link %s\n' "$k" "$(guest_address "$k")" "$state" "$(<"$folder/vm$k.memory")" "$link"
  done
  state=off
  daemon_is_running "$folder/registry.pid" && state=running
  printf 'registry %s:5000 %s\n' "$gateway" "$state"
}
