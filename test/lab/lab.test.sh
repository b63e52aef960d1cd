#!/usr/bin/env bash
# Tests scripts/lab. It needs root and takes about three minutes, and more on a machine that has not built our images yet.
# scripts/test runs it too.
# It uses the labs labtest-a and labtest-b and does not touch other labs.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
passed=0 failed=0 current='' log=$(mktemp)

lab_a() { scripts/lab --name labtest-a "$@"; }
lab_b() { scripts/lab --name labtest-b "$@"; }
cache=${SWARMHUB_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/swarmhub-lab}
clean_up() { lab_a down --saved; lab_b down --saved; rm -rf "$cache"/warm/labtest-*; } >/dev/null 2>&1

# Names the test during which the script was stopped, and prints the counts.
finish() {
  local status=$?
  if [[ -n $current ]]; then
    failed=$((failed + 1))
    echo "not ok  $current (stopped)"
    sed 's/^/        /' "$log"
  fi
  clean_up || true
  rm -f "$log" "$log.output"
  echo "$passed passed, $failed failed"
  ((status != 0 || failed == 0)) || exit 1
}
trap finish EXIT
trap 'exit 130' INT # Otherwise bash continues if the current command handles the signal.

# it TITLE COMMAND…: one test; it passes if the command succeeds
it() {
  local title=$1
  current=$title
  shift
  if ("$@") >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $title"
  else
    failed=$((failed + 1))
    echo "not ok  $title"
    sed 's/^/        /' "$log"
  fi
  current=
}

# fails_with STATUS TEXT COMMAND…: succeeds if the command ends with this exit status and its output contains the text
fails_with() {
  local status=0 expected=$1 text=$2
  shift 2
  "$@" 2>&1 | tee "$log.output" || status=${PIPESTATUS[0]}
  [[ $status == "$expected" ]] && grep -q "$text" "$log.output"
}

# list_leftovers: prints what is left of our labs on this machine, one line each
list_leftovers() {
  ip netns list | grep 'swarmhub-labtest' || true
  pgrep -fa '/labs/labtest-' || true
  grep '/labs/labtest-' /proc/mounts || true
  find "$cache/labs" -maxdepth 1 -name 'labtest-*'
}
leaves_nothing() { clean_up && [[ -z $(list_leftovers) ]]; }

# shellcheck disable=SC2016 # expanded in the guest
guest_is_blank() { lab_a ssh 1 '! command -v docker && ! test -e /usr/sbin/exportfs && ! command -v mkfs.xfs && test -z "$(lsblk -nro FSTYPE /dev/ubdb)"'; }
host_key_is_known() { (eval "$(lab_a env)" && ssh -F "$LAB_SSH_CONFIG" -o BatchMode=yes node1 true && grep -q ssh-ed25519 "$LAB_KNOWN_HOSTS"); }
# shellcheck disable=SC2016 # expanded in the guest
registry_is_reachable() { lab_a ssh 1 'curl -sSfo /dev/null "$(apt-get -q --print-uris update | sed -n "1s/^.\([^ ]*\). .*/\1/p")"'; }
registry_serves() { (eval "$(lab_a env)" && lab_a ssh 1 "curl -sSf http://$LAB_REGISTRY/v2/library/debian/tags/list" | grep trixie-slim); }
subnet() { (eval "$("$1" env)" && echo "${LAB_SUBNET%.0/24}"); }
labs_are_isolated() { [[ $(subnet lab_a) != "$(subnet lab_b)" ]] && ! lab_a ssh 1 "timeout 3 bash -c '</dev/tcp/$(subnet lab_b).11/22'"; }
# milliseconds LIMIT: prints the shortest of at least three round trips with guest 1; goes on for 30 s until it is below LIMIT, as a
# busy machine adds to each. The port is closed: sshd refuses all logins for minutes after many connections that do not log in
# (PerSourcePenalties in sshd_config(5)).
milliseconds() {
  local address started best=99999 elapsed tries=0 end=$((SECONDS + 30))
  address=$(subnet lab_a).11
  while ((tries < 3 || (best >= $1 && SECONDS < end))); do
    started=$(date +%s%N)
    (exec 3<>"/dev/tcp/$address/9") 2>/dev/null || true
    elapsed=$((($(date +%s%N) - started) / 1000000))
    ((elapsed >= best)) || best=$elapsed
    tries=$((tries + 1))
  done
  echo "$best"
}
delay_is_set_and_removed() {
  lab_a delay 200 && local slow && slow=$(milliseconds 400) && lab_a delay 0 && local quick && quick=$(milliseconds 200)
  echo "$slow ms, $quick ms"
  ((slow >= 200 && slow < 400 && quick < 200))
}
link_is_cut_and_restored() { lab_a cut 1 && ! timeout 8 scripts/lab --name labtest-a ssh 1 true && lab_a mend 1 && lab_a ssh 1 true; }
survives_power_loss() { lab_a ssh 1 'echo here >marker && sync' && lab_a kill 1 && ! lab_a ssh 1 true && lab_a boot 1 && lab_a ssh 1 'grep here marker'; }
survives_a_shutdown() { lab_a ssh 1 'echo here >marker' && lab_a shut-down 1 2>&1 | grep 'guest 1 is off' && ! lab_a ssh 1 true && lab_a boot 1 && lab_a ssh 1 'grep here marker'; }
snapshot_is_restored() {
  lab_a ssh 1 'echo saved >marker; echo disk | sudo dd of=/dev/ubdb conv=fsync status=none' && lab_a save one &&
    lab_a ssh 1 'rm marker; sudo dd if=/dev/zero of=/dev/ubdb bs=1M count=1 conv=fsync status=none' && lab_a down && lab_a restore one &&
    lab_a ssh 1 'grep saved marker && sudo head -c4 /dev/ubdb | grep disk'
}
renewed_guest_is_blank() { lab_a ssh 1 'touch marker && sync' && lab_a renew 1 && lab_a ssh 1 '! test -e marker'; }
class_is_saved() { lab_b ssh 1 'echo saved >marker; echo disk | sudo dd of=/dev/ubdb conv=fsync status=none' && lab_b save-class labtest && lab_b restore-class labtest && has_saved_disks lab_b; }
has_saved_disks() { "$1" ssh 1 'grep saved marker && sudo head -c4 /dev/ubdb | grep disk'; }
own_address() { "$1" ssh 1 'ip -4 -o address show vec0' | grep -o 'inet [0-9.]*'; }
labs_share_a_class() {
  lab_b ssh 1 'rm marker; sudo dd if=/dev/zero of=/dev/ubdb bs=1M count=1 conv=fsync status=none' && lab_a down && lab_a restore-class labtest --memory 400 &&
    has_saved_disks lab_a && lab_b ssh 1 '! test -e marker' && [[ $(own_address lab_a) == 'inet 10.77.0.11' && $(own_address lab_b) == 'inet 10.77.0.11' ]]
}
# shellcheck disable=SC2016 # expanded in the guest
guest_has_conditions() {
  lab_b ssh 1 'findmnt -n -o SOURCE /var | grep ubdc && ip route | grep "^default via 198.51.100.1 " && ip -br addr | grep "198.51.100.11/24" &&
    ip route get 172.17.0.5 | grep "dev vec0" && test "$(cat /sys/class/net/vec0/mtu)" = 1400' | grep 'Welcome to this machine'
}
conditions_survive_a_boot() { lab_b kill 1 && lab_b boot 1 && guest_has_conditions; }
only_the_proxy_leads_out() {
  (eval "$(lab_b env)" && lab_b ssh 2 "file=\$(apt-get -q --print-uris update | sed -n '1s/^.\([^ ]*\). .*/\1/p')
    ! curl -sf -m 5 -o /dev/null \$file && curl -sSf -m 20 -x $LAB_PROXY -o /dev/null \$file")
}
operator_in_namespace_is_known() { (eval "$(lab_a env)" && lab_a exec ssh -F "$LAB_SSH_CONFIG" -o BatchMode=yes -o HostName=10.77.0.11 node1 true); }
# run_and_signal SIGNAL SECONDS COMMAND…: starts the command and signals it after some seconds. With job control (set -m) the
# command is a process group of its own and gets the signal as it would from a terminal.
run_and_signal() {
  (
    set -m
    signal=$1 seconds=$2
    shift 2
    # This script ignores SIGINT if a shell without job control started it in the background, and a child inherits that.
    env --default-signal=INT "$@" &
    sleep "$seconds"
    kill -"$signal" -- "-$!"
    wait "$!" || true
  )
}
interrupted_up_leaves_nothing() { run_and_signal INT 3 scripts/lab --name labtest-b up 1 --memory 512 && ! list_leftovers | grep -v labtest-a; }
killed_up_is_removed_by_down() { run_and_signal KILL 3 scripts/lab --name labtest-b up 1 --memory 512 && lab_b down && ! list_leftovers | grep -v labtest-a; }

clean_up
it '--help works without root and without a lab' scripts/lab --help
it 'an unknown command is a usage error' fails_with 2 "no command 'fly'" scripts/lab fly
it 'up without a number is a usage error' fails_with 2 'number of guests' lab_a up
it 'the error for a lab that is not up names the command that starts it' fails_with 1 'up 3' lab_a status
it 'up boots a guest' lab_a up 1 --memory 512 --disk 3
it 'a second up changes nothing' lab_a up 1
it 'the guest is blank' guest_is_blank
it 'ssh clients accept the host key that the guest printed on its console' host_key_is_known
it 'the guest reaches the package registry' registry_is_reachable
it 'the registry of the lab serves debian:trixie-slim' registry_serves
it 'swarmhub images builds our images, pushes them, and does not push them again' test/lab/own-images.sh
it 'the error for a guest that does not exist names it' fails_with 1 'no guest 7' lab_a ssh 7
it 'ssh exits with the exit status of the remote command' fails_with 3 bye lab_a ssh 1 'echo bye; exit 3'
it 'a second lab runs beside the first' lab_b up 1 --memory 512
it 'two labs cannot reach each other' labs_are_isolated
it 'down removes only one of the two labs' lab_b down
it 'the first lab still answers' lab_a ssh 1 true
it 'delay 200 adds 200 ms to a round trip, delay 0 removes it' delay_is_set_and_removed
it 'cut disconnects a guest, mend connects it again' link_is_cut_and_restored
it 'a guest that was killed boots again on its disks' survives_power_loss
it 'a guest that was shut down boots again on its disks' survives_a_shutdown
it 'renew gives a guest new disks' renewed_guest_is_blank
it 'attach is for stock guests' fails_with 2 'not a stock guest' lab_a attach 1
it 'restore brings back a snapshot, also after down' snapshot_is_restored
it 'an unknown condition is refused with the list of those there are' fails_with 2 'banner docker-subnet fish' lab_b up 1 --with flood
it 'conditions that exclude each other are refused' fails_with 2 'cannot have the conditions' lab_b up 1 --with ufw,netfilter-persistent
it 'up --with prepares a guest' lab_b up 1 --memory 512 --disk 3 --with separate-var,second-card,docker-subnet,narrow,banner
it 'the guest has its conditions' guest_has_conditions
it 'it has them after a boot' conditions_survive_a_boot
it 'a guest of a later up has other conditions' lab_b up 2 --memory 512 --disk 3 --with proxy
it 'only the proxy leads out of a guest behind a proxy' only_the_proxy_leads_out
it 'down removes a lab with conditions' lab_b down
it 'up --class boots a guest that can be saved as a warm class' lab_b up 1 --memory 512 --disk 3 --class
it 'save-class saves a warm class, restore-class boots it' class_is_saved
it 'restore-class refuses a lab with other addresses' fails_with 1 'without --class' lab_a restore-class labtest
it 'two labs boot from one warm class side by side, with the same addresses and disks of their own' labs_share_a_class
it 'labs with the same addresses inside cannot reach each other' labs_are_isolated
it 'in a lab for classes guests reach the package registry' registry_is_reachable
it 'in a lab for classes the registry serves debian:trixie-slim' registry_serves
it 'in a lab for classes ssh clients accept the host key' host_key_is_known
it 'in the namespace of a lab ssh clients accept the host key at the address inside' operator_in_namespace_is_known
it 'in a lab for classes delay adds to a round trip' delay_is_set_and_removed
it 'in a lab for classes cut disconnects a guest, mend connects it again' link_is_cut_and_restored
it 'a guest from a warm class boots again on its disks' survives_power_loss
it 'a snapshot of guests from a warm class is restored' snapshot_is_restored
it 'restore-class exits with 3 if there is no such class' fails_with 3 'no warm class' lab_b restore-class labtest-none
it 'down removes a lab for classes' lab_b down
it 'an interrupted up leaves nothing behind' interrupted_up_leaves_nothing
it 'down removes what a killed up left behind' killed_up_is_removed_by_down
it 'down leaves no namespace, process, mount or folder' leaves_nothing
it 'a second down succeeds' lab_a down
