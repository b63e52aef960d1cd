# shellcheck shell=bash
# Warm classes: the guests of a class, saved for all labs. They differ from snapshots in three ways: they belong to no lab, every lab
# can boot them at the same time, and only the second disks are copied, which are almost empty. The saved disks never change: each lab
# writes to its copies, and to layers over the system disks.

kept_classes=3

# class_folder KEY: prints the folder of a class. Its name also stands for what the lab itself gave: the recipe of the guests and the
# notebook image.
class_folder() {
  local given
  given=$({ recipe_hash; tag_digest "${notebook_image%:*}" "${notebook_image#*:}" 2>/dev/null || true; } | sha256sum | cut -c1-8)
  echo "$cache/warm/$1-$given"
}

# class_is_usable FOLDER: succeeds if the class exists, with its guest image, and is not old: the certificates of a Swarm end after 90
# days, and its machines renew them only while they run.
class_is_usable() { [[ -n $(find "$1/image" -mtime -30 2>/dev/null) && -d $cache/guest/$(<"$1/image") ]]; }

# save_class KEY: shuts down all guests and moves their disks to the warm class; the lab then has no guests
save_class() {
  local target partial k guests
  guests=$(list_guests)
  for k in $guests; do
    ! guest_is_stock "$k" || die "guest $k is a stock guest, which a warm class cannot have."
    [[ -f $folder/vm$k.img ]] || die "guest $k was created without --class or comes from a warm class. Save a new lab: scripts/lab$name_flag up 3 --class"
    [[ ! -s $folder/vm$k.conditions ]] || die "guest $k was created --with $(<"$folder/vm$k.conditions"), and a warm class has blank machines only."
    require_running_guest "$k"
  done
  lock warm
  target=$(class_folder "$1")
  ! class_is_usable "$target" || { say "the warm class '$1' exists already" && return; }
  say 'emptying what the guests need not keep'
  for k in $guests; do guest_ssh "$k" 'sudo sh -c "apt-get clean; rm -rf /var/lib/apt/lists/*; journalctl -q --rotate --vacuum-size=1K; fstrim -a" >/dev/null 2>&1' || true; done
  shut_down_guests "$guests"
  partial=$cache/warm/saving.partial
  rm -rf "$partial"
  mkdir -p "$partial"
  cp "$folder"/vm*.{memory,seen,image} "$folder/image" "$partial/"
  for k in $guests; do mv "$folder/vm$k".{img,data} "$partial/"; done
  rm -rf "$target"
  mv "$partial" "$target"
  for k in $guests; do remove_guest "$k"; done
  remove_old_classes
  unlock warm
  say "saved the warm class '$1': $(du -sh "$target" | cut -f1). To boot it here: scripts/lab$name_flag restore-class $1"
}

# restore_class KEY MEMORY_MB: replaces all guests of this lab by those of a warm class and boots them; exits with 3 if there is no
# such class
restore_class() {
  local source k
  [[ ! -f $folder/number ]] || is_class_lab || die "lab '$name' was started without --class. Remove it first: scripts/lab$name_flag down"
  ensure_guest_packages
  lock warm
  if [[ ! -d $cache/warm ]] || ! source=$(class_folder "$1") || ! class_is_usable "$source"; then
    say "there is no warm class '$1'"
    exit 3
  fi
  [[ -f $folder/number ]] || { lab_is_new=yes; on_exit undo_up; }
  mkdir -p "$folder"
  touch "$folder/for-classes"
  choose_subnet
  read_subnet
  for k in $(list_guests); do remove_guest "$k"; done
  cp "$source"/vm*.{memory,seen,image} "$source/image" "$folder/"
  [[ -z $2 ]] || for k in $(list_guests); do echo "$2" >"$folder/vm$k.memory"; done
  for k in $(list_guests); do
    echo "${source##*/}" >"$folder/vm$k.class"
    cp --sparse=always "$source/vm$k.data" "$folder/"
  done
  touch "$source" # The classes that were used last are kept.
  unlock warm
  network_up
  registry_up
  start_guests "$(list_guests)"
  lab_is_new=
  say "restored the warm class '$1': guests $(list_guests | tr '\n' ' ')"
}

# Removes all warm classes but those that were used last and those that a lab or a snapshot uses.
remove_old_classes() {
  local class used
  used=$(find "$cache"/{labs,saved} -maxdepth 3 -name 'vm*.class' -type f -exec cat {} + 2>/dev/null || true)
  find "$cache/warm" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %f\n' | sort -rn | tail -n "+$((kept_classes + 1))" | cut -d' ' -f2 | while read -r class; do
    [[ $'\n'$used$'\n' == *$'\n'$class$'\n'* ]] || rm -rf "${cache:?}/warm/$class"
  done
}
