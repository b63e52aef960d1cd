#!/usr/bin/env bash
# The lab itself (about two minutes, root): test/lab/lab.test.sh, which scripts/test runs too.
# Labs of other names are left alone.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
passed=0 failed=0 log=$(mktemp)

a() { scripts/lab --name labtest-a "$@"; }
b() { scripts/lab --name labtest-b "$@"; }
clean_up() { a down --saved; b down --saved; } >/dev/null 2>&1
trap 'clean_up; rm -f "$log"' EXIT

# it SENTENCE COMMAND…
it() {
  local sentence=$1
  shift
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $sentence"
  else
    failed=$((failed + 1))
    echo "not ok  $sentence"
    sed 's/^/        /' "$log"
  fi
}

fails_with() { # STATUS TEXT COMMAND…
  local status=0 wanted=$1 text=$2
  shift 2
  "$@" 2>&1 | tee "$log.said" || status=${PIPESTATUS[0]}
  [[ $status == "$wanted" ]] && grep -q "$text" "$log.said"
}

# What a lab leaves on the machine, in one line each: nothing is wanted.
traces() {
  ip netns list | grep 'swarmhub-labtest' || true
  pgrep -fa '/labs/labtest-' || true
  grep '/labs/labtest-' /proc/mounts || true
  find "${SWARMHUB_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/swarmhub-lab}/labs" -maxdepth 1 -name 'labtest-*'
}
leaves_nothing() { clean_up && [[ -z $(traces) ]]; }

# shellcheck disable=SC2016 # expanded in the guest
blank() { a ssh 1 '! command -v docker && ! test -e /usr/sbin/exportfs && ! command -v mkfs.xfs && test -z "$(lsblk -nro FSTYPE /dev/ubdb)"'; }
keys_are_known() { (eval "$(a env)" && ssh -F "$LAB_SSH_CONFIG" -o BatchMode=yes node1 true && grep -q ssh-ed25519 "$LAB_KNOWN_HOSTS"); }
# shellcheck disable=SC2016 # expanded in the guest
fetches() { a ssh 1 'curl -sSfo /dev/null "$(apt-get -q --print-uris update | sed -n "1s/^.\([^ ]*\). .*/\1/p")"'; }
registry_serves() { (eval "$(a env)" && a ssh 1 "curl -sSf http://$LAB_REGISTRY/v2/library/debian/tags/list" | grep trixie-slim); }
subnet() { (eval "$("$1" env)" && echo "${LAB_SUBNET%.0/24}"); }
apart() { [[ $(subnet a) != "$(subnet b)" ]] && ! a ssh 1 "timeout 3 bash -c '</dev/tcp/$(subnet b).11/22'"; }
milliseconds() { # of a TCP handshake with guest 1, the best of three
  local began best=99999 took
  for _ in 1 2 3; do
    began=$(date +%s%N)
    exec 3<>"/dev/tcp/$(subnet a).11/22"
    took=$((($(date +%s%N) - began) / 1000000))
    exec 3>&-
    ((took >= best)) || best=$took
  done
  echo "$best"
}
is_slow_then_quick() {
  a delay 200 && local slow && slow=$(milliseconds) && a delay 0 && local quick && quick=$(milliseconds)
  echo "$slow ms, $quick ms"
  ((slow >= 200 && slow < 400 && quick < 150))
}
is_cut_and_mended() { a cut 1 && ! timeout 8 scripts/lab --name labtest-a ssh 1 true && a mend 1 && a ssh 1 true; }
survives_the_plug() { a ssh 1 'echo here >marker && sync' && a kill 1 && ! a ssh 1 true && a boot 1 && a ssh 1 'grep here marker'; }
goes_back() {
  a ssh 1 'echo saved >marker; echo disk | sudo dd of=/dev/ubdb conv=fsync status=none' && a save one &&
    a ssh 1 'rm marker; sudo dd if=/dev/zero of=/dev/ubdb bs=1M count=1 conv=fsync status=none' && a down && a restore one &&
    a ssh 1 'grep saved marker && sudo head -c4 /dev/ubdb | grep disk'
}
renewed_is_as_at_first() { a ssh 1 'touch marker && sync' && a renew 1 && a ssh 1 '! test -e marker'; }
# Job control gives the lab the signals that it would have at a terminal.
is_interrupted() { # SIGNAL SECONDS COMMAND…
  (
    set -m
    signal=$1 seconds=$2
    shift 2
    "$@" & sleep "$seconds"
    kill -"$signal" -- "-$!"
    wait "$!" || true
  )
}
interrupted_up_leaves_nothing() { is_interrupted INT 3 scripts/lab --name labtest-b up 1 --memory 512 && ! traces | grep -v labtest-a; }
killed_up_is_removed_by_down() { is_interrupted KILL 3 scripts/lab --name labtest-b up 1 --memory 512 && b down && ! traces | grep -v labtest-a; }

clean_up
it 'help needs no root and no lab' scripts/lab --help
it 'an unknown command is wrong usage' fails_with 2 "no command 'fly'" scripts/lab fly
it 'up wants a number' fails_with 2 'number of guests' a up
it 'a lab that is not up says what to type' fails_with 1 'up 3' a status
it 'up brings up a guest' a up 1 --memory 512 --disk 3
it 'a second up has nothing to do' a up 1
it 'the guest is blank' blank
it 'ssh clients know the guest by the key that its console showed' keys_are_known
it 'the guest reaches the package registry' fetches
it 'the registry has debian:trixie-slim' registry_serves
it 'a guest that does not exist is named' fails_with 1 'no guest 7' a ssh 7
it 'the exit status of a remote command is that of ssh' fails_with 3 bye a ssh 1 'echo bye; exit 3'
it 'a second lab lives beside the first' b up 1 --memory 512
it 'two labs do not reach each other' apart
it 'down of one lab leaves the other' b down
it 'the first lab still answers' a ssh 1 true
it 'delay 200 makes a round trip of 200 ms, delay 0 takes it away' is_slow_then_quick
it 'a cut cable is mended' is_cut_and_mended
it 'a guest whose plug was pulled boots again on its disks' survives_the_plug
it 'a guest made anew is as it was at first' renewed_is_as_at_first
it 'a saved state comes back, also after down' goes_back
it 'an interrupted up leaves nothing' interrupted_up_leaves_nothing
it 'down removes what a killed up left' killed_up_is_removed_by_down
it 'down leaves no namespace, process, mount or folder' leaves_nothing
it 'down can be said twice' a down
echo "$passed passed, $failed failed"
((failed == 0))
