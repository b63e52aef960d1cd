# shellcheck shell=bash
# Conditions: how machines of real classes differ from blank ones, such as a firewall of their owner. Each is a file in conditions/,
# with its name and a description in line 2. With underscores for dashes in NAME, it may define:
#   packages_of_NAME   Debian packages that the image of the guest gets
#   not_with_NAME      conditions that the same guest cannot have
#   devices_of_NAME K  prints lines "card TAP MAC" and "disk FILE" (below $folder), additional devices of the guest; runs at each boot
#   prepare_NAME K     prepares the guest after its first boot; a reboot follows if it calls needs_reboot K
#   restore_NAME       runs when the network of the lab exists, if a guest of the lab has the condition

# shellcheck source=/dev/null
for condition_file in "$library"/conditions/*.sh; do . "$condition_file"; done

list_conditions() { basename -s .sh "$library"/conditions/*.sh; }

describe_conditions() { sed -sn '2s/^# \([a-z-]*\): /\1\t/p' "$library"/conditions/*.sh | awk -F '\t' '{ printf "    %-30s %s\n", $1, $2 }'; }

# check_conditions NAME,NAME…: ends with a usage error if a condition is unknown, or cannot be combined with another
check_conditions() {
  local condition other excluded known
  known=" $(list_conditions | tr '\n' ' ')"
  for condition in ${1//,/ }; do
    [[ $known == *" $condition "* ]] || usage_error "there is no condition '$condition'. The conditions:$known(Debian packages: --packages)"
    excluded=not_with_${condition//-/_}
    for other in ${!excluded:-}; do
      [[ ,$1, != *",$other,"* ]] || usage_error "one guest cannot have the conditions $condition and $other."
    done
  done
}

# packages_of_conditions NAME,NAME…: prints the packages of the conditions, separated by commas
packages_of_conditions() {
  local condition variable list=
  for condition in ${1//,/ }; do
    variable=packages_of_${condition//-/_}
    list+=${!variable:+,${!variable}}
  done
  echo "${list#,}"
}

# conditions_of K: prints the conditions of a guest, one a line
conditions_of() { [[ ! -s $folder/vm$1.conditions ]] || { tr , '\n' <"$folder/vm$1.conditions" && echo; }; }

has_condition() { conditions_of "$1" | grep -qx "$2"; }

# for_each_condition PREFIX K: calls the function of this prefix of each condition of the guest that has one
for_each_condition() {
  local condition function
  for condition in $(conditions_of "$2"); do
    function=$1_${condition//-/_}
    ! declare -F "$function" >/dev/null || "$function" "$2"
  done
}

# prepare_guest K: prepares a guest that has booted for the first time
prepare_guest() {
  [[ -s $folder/vm$1.conditions ]] || return 0
  say "preparing guest $1: $(<"$folder/vm$1.conditions")"
  for_each_condition prepare "$1"
  [[ -f $folder/vm$1.reboot ]] || return 0
  rm "$folder/vm$1.reboot"
  shut_down_guests "$1"
  boot_guest "$1"
  wait_until_reachable "$1"
}

needs_reboot() { touch "$folder/vm$1.reboot"; }

# restore_conditions: lets the network of the lab have what its guests' conditions need
restore_conditions() {
  local condition
  for condition in $(for k in $(list_guests); do conditions_of "$k"; done | sort -u); do
    ! declare -F "restore_${condition//-/_}" >/dev/null || "restore_${condition//-/_}"
  done
}

# as_root K: runs the script on stdin on the guest as root, whose login shell stays bash
as_root() {
  ssh -o LogLevel=ERROR -F "$folder/ssh_config" -o ConnectTimeout=60 -l root "node$1" 'set -e; cat >/run/lab-script; sh -e /run/lab-script; rm /run/lab-script' >"$folder/vm$1.prepared" 2>&1 || {
    tail -5 "$folder/vm$1.prepared" >&2
    die "guest $1 cannot be prepared. The whole output: $folder/vm$1.prepared"
  }
}
