# shellcheck shell=bash
# Disks set aside, so that a test starts from a state that took minutes to reach.

want_tag() { [[ $1 =~ ^[a-z0-9][a-z0-9-]{0,40}$ ]] || usage_error "'$1' is not a tag: small letters, digits and dashes."; }

# save_disks TAG: guests that run are shut down in good order, and started again
save_disks() {
  local tag=$1 k ran making=$saved/$1.making
  ran=$(running_guests)
  for k in $ran; do guest_ssh "$k" sudo systemctl poweroff >/dev/null 2>&1 || true; done
  for k in $ran; do wait_until 60 daemon_is_gone "$folder/vm$k.pid" || say "guest $k does not shut down: pulling the plug"; kill_guest "$k"; done
  say "saving the disks of guests $(guests | tr '\n' ' ')"
  mkdir -p "$saved"
  rm -rf "$making"
  on_exit_do rm -rf "$making"
  mkdir "$making"
  cp --sparse=always "$folder"/vm*.{cow,data,memory,seen,image} "$folder/image" "$making/"
  cp "$folder/number" "$saved/number"
  rm -rf "${saved:?}/$tag"
  mv "$making" "$saved/$tag"
  start_guests "$ran"
  say "saved as '$tag': $(du -sh "$saved/$tag" | cut -f1)"
}

# restore_disks TAG: all guests as they were when it was saved, running; the lab need not be up
restore_disks() {
  local from=$saved/$1 copy=$folder/restoring k
  [[ -d $from ]] || die "lab '$name' has saved nothing as '$1'. It has: $(find "$saved" -mindepth 1 -maxdepth 1 -type d -printf '%f ' 2>/dev/null)"
  need_packages_for_guests
  [[ -d $cache/guest/$(<"$from/image") ]] || die "the disk image below '$1' is gone. Make the lab anew: scripts/lab$name_flag up 3"
  choose_number
  read_number
  for k in $(guests); do kill_guest "$k"; done
  say "copying the disks of '$1'"
  rm -rf "$copy"
  on_exit_do rm -rf "$copy"
  mkdir "$copy"
  cp --sparse=always "$from"/* "$copy/"
  rm -f "$folder"/vm* "$folder/known_hosts"
  mv "$copy"/* "$folder/"
  network_up
  registry_up
  start_guests "$(guests)"
  say "restored '$1': guests $(guests | tr '\n' ' ')"
}

start_guests() {
  local k
  for k in $1; do boot_guest "$k"; done
  for k in $1; do wait_for_guest "$k"; done
}
