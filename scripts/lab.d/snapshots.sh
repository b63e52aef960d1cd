# shellcheck shell=bash
# Saves and restores the disks of all guests, so that a test need not spend minutes to reach the same state again.

check_tag() { [[ $1 =~ ^[a-z0-9][a-z0-9-]{0,40}$ ]] || usage_error "'$1' is not a valid tag. A tag has small letters, digits and dashes, and begins with a letter or digit."; }

# save_snapshot TAG: shuts down the running guests, copies the disks, and boots these guests again
save_snapshot() {
  local tag=$1 running partial=$snapshots/$1.partial
  running=$(list_running_guests)
  shut_down_guests "$running"
  say "saving the disks of guests $(list_guests | tr '\n' ' ')"
  mkdir -p "$snapshots"
  rm -rf "$partial"
  on_exit rm -rf "$partial"
  mkdir "$partial"
  find "$folder" -maxdepth 1 '(' -name 'vm*' ! -name '*.pid' ! -name '*.log' ! -name '*.ready' -o -name image -o -name for-classes ')' \
    -exec cp --sparse=always -t "$partial" {} +
  cp "$folder/number" "$snapshots/number"
  rm -rf "${snapshots:?}/$tag"
  mv "$partial" "$snapshots/$tag"
  start_guests "$running"
  say "saved as '$tag': $(du -sh "$snapshots/$tag" | cut -f1)"
}

# restore_snapshot TAG: replaces all guests with those of the snapshot and boots them; the lab need not be up
restore_snapshot() {
  local snapshot=$snapshots/$1 copy=$folder/restoring k
  [[ -d $snapshot ]] || die "lab '$name' has no snapshot '$1'. Its snapshots: $(find "$snapshots" -mindepth 1 -maxdepth 1 -type d -printf '%f ' 2>/dev/null)"
  ensure_guest_packages
  [[ -d $cache/guest/$(<"$snapshot/image") ]] || die "the disk image that the snapshot '$1' needs no longer exists. Create the lab again: scripts/lab$name_flag up 3"
  choose_subnet
  rm -f "$folder/for-classes"
  [[ ! -f $snapshot/for-classes ]] || touch "$folder/for-classes"
  read_subnet
  for k in $(list_guests); do kill_guest "$k"; done
  say "copying the disks of the snapshot '$1'"
  rm -rf "$copy"
  on_exit rm -rf "$copy"
  mkdir "$copy"
  cp --sparse=always "$snapshot"/* "$copy/"
  rm -f "$folder"/vm* "$folder/known_hosts"
  mv "$copy"/* "$folder/"
  network_up
  registry_up
  restore_conditions
  start_guests "$(list_guests)"
  say "restored '$1': guests $(list_guests | tr '\n' ' ')"
}

shut_down_guests() {
  local k
  for k in $1; do guest_ssh "$k" sudo systemctl poweroff >/dev/null 2>&1 || true; done
  for k in $1; do wait_until 60 daemon_is_gone "$folder/vm$k.pid" || say "guest $k does not shut down: killing it"; kill_guest "$k"; done
}

start_guests() {
  local k
  for k in $1; do boot_guest "$k"; done
  for k in $1; do wait_for_guest "$k"; done
}
