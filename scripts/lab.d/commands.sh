# shellcheck shell=bash
# One function for each command of scripts/lab. It checks the arguments and calls the function that does the work.

# Reads the command line and runs the command.
main() {
  read_global_options "$@"
  set -- "${arguments[@]}"
  (($#)) || {
    print_help >&2
    exit 2
  }
  command=$1
  shift
  local argument
  [[ $command == ssh || $command == exec ]] || for argument; do [[ $argument != --help ]] || { print_help && return; }; done
  declare -F "command_${command//-/_}" >/dev/null || usage_error "there is no command '$command'."
  require_linux_root "$command"
  "command_${command//-/_}" "$@"
}

read_global_options() {
  name=lab
  while [[ ${1:-} == -* ]]; do
    case $1 in
      --name) [[ -n ${2:-} ]] || usage_error '--name needs a name.'; name=$2; shift 2 ;;
      --name=*) name=${1#*=}; shift ;;
      -h | --help) print_help; exit 0 ;;
      *) usage_error "there is no option '$1'." ;;
    esac
  done
  arguments=("$@")
  [[ $name =~ ^[a-z][a-z0-9-]{0,30}$ ]] || usage_error "'$name' is not a valid name. A name has at most 31 small letters, digits and dashes, and begins with a letter."
  namespace=swarmhub-$name
  folder=$cache/labs/$name
  snapshots=$cache/saved/$name
  name_flag=
  [[ $name == lab ]] || name_flag=" --name $name"
}

command_up() {
  local count='' memory=3072 disk=20 release=trixie packages='' packages_given='' for_class='' conditions='' stock=
  while (($#)); do
    case $1 in
      --memory) memory=${2:-}; shift 2 || usage_error '--memory needs a number of MB.' ;;
      --disk) disk=${2:-}; shift 2 || usage_error '--disk needs a number of GB.' ;;
      --release) release=${2:-}; shift 2 || usage_error '--release needs bookworm or trixie.' ;;
      --packages) packages=${2:-}; packages_given=yes; shift 2 || usage_error '--packages needs names of Debian packages.' ;;
      --with) conditions=${2:-}; shift 2 || usage_error '--with needs names of conditions.' ;;
      --class) for_class=yes; shift ;;
      --stock) stock=yes; shift ;;
      --*) usage_error "up has no option '$1'." ;;
      *) [[ -z $count ]] || usage_error "up needs one number, not '$count' and '$1'."; count=$1; shift ;;
    esac
  done
  [[ -n $count ]] || usage_error 'up needs the number of guests: up 3'
  check_range 'the number of guests' "$count" 1 50
  check_range '--memory (MB)' "$memory" 192 65536
  check_range '--disk (GB)' "$disk" 1 2000
  [[ $release =~ ^(bookworm|trixie)$ ]] || usage_error "--release needs bookworm or trixie, not '$release'."
  [[ -z $packages || $packages =~ ^[a-z0-9][a-z0-9.+-]*(,[a-z0-9][a-z0-9.+-]*)*$ ]] || usage_error "--packages needs names of Debian packages, separated by commas, not '$packages'."
  check_conditions "$conditions"
  [[ -z $stock || -z $for_class ]] || usage_error 'a stock guest cannot be saved in a warm class: give either --stock or --class.'
  lock "lab-$name"
  [[ -f $folder/number ]] || lab_is_new=yes
  on_exit undo_up
  [[ -z $for_class ]] || make_class_lab
  [[ -z $packages_given ]] || rm -f "$folder/image" # New guests get an image with these packages.
  lab_up "$count" "$memory" "$disk" "$release" "$(join_lists "$packages" "$(packages_of_conditions "$conditions")")" "$for_class" "$conditions" "$stock"
  lab_is_new=
}

# Only a new lab can become a lab for classes, because guests keep their addresses.
make_class_lab() {
  [[ ! -f $folder/number ]] || is_class_lab || die "lab '$name' was started without --class. Remove it first: scripts/lab$name_flag down"
  mkdir -p "$folder"
  touch "$folder/for-classes"
}

# Removes the lab if its first `up` failed. If a later one fails, the lab stays as it was before.
undo_up() { [[ -z $lab_is_new ]] || lab_down; }
lab_is_new=

command_ssh() {
  (($#)) || usage_error 'ssh needs the number of a guest: ssh 1'
  require_lab
  require_running_guest "$1"
  guest_ssh "$@" || exit
}

command_exec() {
  (($#)) || usage_error 'exec needs a command: exec curl http://…'
  require_lab
  in_namespace "$@" || exit
}

command_kill() {
  require_one_guest "$@"
  kill_guest "$1"
  say "guest $1 is off"
}

command_shut_down() {
  require_one_guest "$@"
  require_running_guest "$1"
  guest_ssh "$1" sudo systemctl poweroff >/dev/null 2>&1 || true # The connection ends before the command does.
  wait_until 300 daemon_is_gone "$folder/vm$1.pid" || die "guest $1 does not shut down. Its console output: $folder/vm$1.log"
  kill_guest "$1"
  say "guest $1 is off"
}

command_boot() {
  require_one_guest "$@"
  guest_is_running "$1" && { say "guest $1 is running already"; return; }
  boot_guest "$1"
  wait_for_guest "$1"
  say "guest $1 is up: $(guest_address "$1")"
}

command_attach() {
  require_one_guest "$@"
  guest_is_stock "$1" || usage_error "guest $1 is not a stock guest, and only those have disks with names that stay."
  attach_in_front "$1"
  say "guest $1 has another disk at its next boot: kill $1, then boot $1"
}

command_renew() {
  local bytes
  require_one_guest "$@"
  lock "lab-$name"
  kill_guest "$1"
  bytes=$(stat -c %s "$folder/vm$1.data")
  rm -f "$folder/vm$1".{cow,img,data,class,seen,var,front}
  truncate -s "$bytes" "$folder/vm$1.data"
  boot_guest "$1"
  wait_for_guest "$1"
  say "guest $1 has new disks: $(guest_address "$1")"
}

command_cut() { require_one_guest "$@"; disconnect_link "$1"; say "the network link of guest $1 is down"; }
command_mend() { require_one_guest "$@"; reconnect_link "$1"; say "the network link of guest $1 is up"; }

command_delay() {
  check_range 'the delay (ms)' "${1:-}" 0 10000
  require_lab
  set_delay_of_all "$1"
}

command_save() { require_lab; check_tag "${1:-}"; lock "lab-$name"; save_snapshot "$1"; }
command_save_class() { require_lab; check_tag "${1:-}"; lock "lab-$name"; save_class "$1"; }
command_restore_class() {
  local key=${1:-} memory=''
  check_tag "$key"
  shift
  while (($#)); do
    case $1 in
      --memory) memory=${2:-}; shift 2 || usage_error '--memory needs a number of MB.' ;;
      *) usage_error "restore-class has no option '$1'." ;;
    esac
  done
  [[ -z $memory ]] || check_range '--memory (MB)' "$memory" 192 65536
  lock "lab-$name"
  restore_class "$key" "$memory"
}
command_restore() { check_tag "${1:-}"; lock "lab-$name"; restore_snapshot "$1"; }
command_images() {
  (($# != 1)) || usage_error 'images with a folder also needs the images to build: images FOLDER TARGET=NAME:TAG'
  ensure_notebook_image
  (($# == 0)) || ensure_images "$@"
}
command_status() { require_lab; print_status; }
command_env() { require_lab; print_env; }

command_down() {
  case ${1:-} in
    '' | --saved | --cache) ;;
    *) usage_error "down has no option '$1'." ;;
  esac
  lock "lab-$name"
  lab_down
  case ${1:-} in
    '') say "removed lab '$name'. Its snapshots and the cache $cache stay; to remove them as well: down --saved, down --cache" ;;
    --saved) rm -rf "$snapshots" && say "removed lab '$name' and its snapshots. The cache $cache stays; to remove it as well: down --cache" ;;
    --cache) cache_down ;;
  esac
}

# join_lists A,B C,D: prints A,B,C,D
join_lists() { local both=$1,$2; both=${both#,}; echo "${both%,}"; }

# check_range NAME VALUE MINIMUM MAXIMUM: ends with a usage error if the value is not a number within the range
check_range() {
  [[ $2 =~ ^[1-9][0-9]{0,5}$|^0$ ]] || usage_error "$1 must be a number, not '$2'."
  (($2 >= $3 && $2 <= $4)) || usage_error "$1 must be between $3 and $4, not $2."
}

require_lab() {
  if ! read_subnet || ! network_is_up; then die "lab '$name' is not up. To start it: scripts/lab$name_flag up 3"; fi
}

require_one_guest() {
  (($# == 1)) || usage_error "$command needs the number of one guest: $command 1"
  require_lab
  require_guest "$1"
}
