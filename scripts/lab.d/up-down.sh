# shellcheck shell=bash
# A lab from its first guest to its end.

# lab_up COUNT MEMORY_MB DISK_GB RELEASE PACKAGES
lab_up() {
  local count=$1 memory=$2 disk=$3 k started=()
  ensure_guest_packages
  ensure_guest_image "$4" "$5"
  choose_subnet
  read_subnet
  network_up
  registry_up
  for ((k = 1; k <= count; k++)); do
    remove_unfinished_guest "$k"
    guest_exists "$k" || make_guest "$k" "$memory" "$disk"
    [[ ! -f $folder/vm$k.ready ]] || ! guest_is_running "$k" || continue
    guest_is_running "$k" || boot_guest "$k"
    started+=("$k")
  done
  ((${#started[@]})) || { say "already up: $(list_guests | wc -l) guests" && return; }
  say "booting guest ${started[*]}"
  for k in "${started[@]}"; do wait_for_guest "$k"; done
  say "up: $(for k in $(list_running_guests); do printf 'node%s %s  ' "$k" "$(guest_address "$k")"; done)"
}

# Everything of this lab; whatever is already gone is passed over.
lab_down() {
  local k
  if read_subnet; then
    say "stopping $(list_guests | wc -l) guests and the network of lab '$name'"
    for k in $(list_guests); do kill_guest "$k"; done
    registry_down
    lock network
    network_down
    unlock network
  fi
  rm -rf "$folder"
}

# What labs share, as long as no lab uses it.
cache_down() {
  local others
  others=$(find "$cache/labs" -mindepth 1 -maxdepth 1 -type d -printf '%f ' 2>/dev/null || true)
  [[ -z $others ]] || die "the cache stays, because other labs stand on it: $others"
  rm -rf "${cache:?}"
  say "the cache is gone: $cache"
}
