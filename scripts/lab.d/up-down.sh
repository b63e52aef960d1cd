# shellcheck shell=bash
# Starts and removes a lab.

# lab_up COUNT MEMORY_MB DISK_GB RELEASE PACKAGES FOR_CLASS CONDITIONS STOCK: boots the guests 1 to COUNT; guests that are running
# stay as they are
lab_up() {
  local count=$1 memory=$2 disk=$3 k started=() missing=
  ensure_guest_packages
  [[ -z $8 ]] || ensure_stock_packages
  for ((k = 1; k <= count; k++)); do
    remove_unfinished_guest "$k"
    guest_exists "$k" || missing=yes
  done
  [[ -z $missing ]] || ensure_guest_image "$4" "$5" "$8"
  choose_subnet
  read_subnet
  network_up
  registry_up
  for ((k = 1; k <= count; k++)); do
    guest_exists "$k" || create_guest "$k" "$memory" "$disk" "$6" "$7" "$8"
    [[ ! -f $folder/vm$k.ready ]] || ! guest_is_running "$k" || continue
    guest_is_running "$k" || boot_guest "$k"
    started+=("$k")
  done
  restore_conditions
  ((${#started[@]})) || { say "already up: $(list_guests | wc -l) guests" && return; }
  say "booting guest ${started[*]}"
  for k in "${started[@]}"; do wait_for_guest "$k"; done
  say "up: $(for k in $(list_running_guests); do printf 'node%s %s  ' "$k" "$(guest_address "$k")"; done)"
}

# Removes everything that belongs to this lab; parts that no longer exist are skipped.
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

# Removes what the labs share, if no lab exists.
cache_down() {
  local others
  others=$(find "$cache/labs" -mindepth 1 -maxdepth 1 -type d -printf '%f ' 2>/dev/null || true)
  [[ -z $others ]] || die "other labs use the cache, so it stays: $others"
  rm -rf "${cache:?}"
  say "removed the cache $cache"
}
