# shellcheck shell=bash
# What the lab says, how it ends, and which locks it holds while it works.

lab_started=$SECONDS
exec {stderr_fd}>&2 # so that a trap speaks to people while a command's own talk goes to a file

# say TEXT…: a line of progress on stderr, with the seconds since the command began
say() { printf '%4ss  %s\n' "$((SECONDS - lab_started))" "$*" >&"$stderr_fd"; }

# die TEXT…: say where, what and what to type, and end
die() {
  printf 'scripts/lab: %s\n' "$*" >&"$stderr_fd"
  exit 1
}

# usage_error TEXT…: the command itself was wrong
usage_error() {
  printf 'scripts/lab: %s\nscripts/lab --help says what there is.\n' "$*" >&"$stderr_fd"
  exit 2
}

require_linux_root() {
  [[ $(uname -s) == Linux ]] || die "the lab runs virtual machines on Linux; this is $(uname -s)."
  [[ $(uname -m) == x86_64 ]] || die "the lab's guest kernel is built for x86_64; this is $(uname -m)."
  [[ $EUID == 0 ]] || die "the lab makes network namespaces and tap devices, which needs root. Try: sudo scripts/lab $*"
}

# What has to be undone if this command ends early, last one first.
declare -a cleanups=()

on_exit() { cleanups+=("$(printf '%q ' "$@")"); }

run_cleanups() {
  local status=$? index
  trap '' INT TERM HUP
  trap - ERR
  stop_background
  for ((index = ${#cleanups[@]} - 1; index >= 0; index--)); do eval "${cleanups[index]}" || true; done
  exit "$status"
}

trap run_cleanups EXIT
trap 'printf "scripts/lab: %s:%s: this failed: %s\n" "${BASH_SOURCE##*/}" "$LINENO" "$BASH_COMMAND" >&"$stderr_fd"' ERR
trap 'say "interrupted: cleaning up"; exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# lock NAME: wait for the lock of that name, and hold it until unlock or the end of the command; held already is held
declare -A locks=()
lock() {
  local descriptor file=$cache/locks/$1
  [[ -z ${locks[$1]:-} ]] || return 0
  mkdir -p "$cache/locks"
  exec {descriptor}>>"$file"
  flock -n "$descriptor" || {
    say "waiting for another scripts/lab that holds '$1'"
    run_interruptible flock -w 1200 "$descriptor" || die "'$1' is still held after 20 minutes. Who holds it: fuser -v $file"
  }
  locks[$1]=$descriptor
}

unlock() {
  local descriptor=${locks[$1]:-}
  [[ -n $descriptor ]] || return 0
  exec {descriptor}>&-
  unset "locks[$1]"
}
