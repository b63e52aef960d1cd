# shellcheck shell=bash
# Progress and error messages, cleanup at the end of a command, and locks.

lab_started=$SECONDS
exec {stderr_fd}>&2 # Traps write here, because stderr may be redirected to a file at that moment.

# say TEXT…: prints a line of progress on stderr, with the seconds since the start of the command
say() { printf '%4ss  %s\n' "$((SECONDS - lab_started))" "$*" >&"$stderr_fd"; }

# die TEXT…: prints an error message and exits with 1. The text says what failed and which command to type next.
die() {
  printf 'scripts/lab: %s\n' "$*" >&"$stderr_fd"
  exit 1
}

# usage_error TEXT…: the same for a command line that is wrong; exits with 2
usage_error() {
  printf 'scripts/lab: %s\nFor the commands, see scripts/lab --help.\n' "$*" >&"$stderr_fd"
  exit 2
}

require_linux_root() {
  [[ $(uname -s) == Linux ]] || die "the lab runs virtual machines on Linux, but this system is $(uname -s)."
  [[ $(uname -m) == x86_64 ]] || die "the kernel of the guests is built for x86_64, but this machine is $(uname -m)."
  [[ $EUID == 0 ]] || die "the lab creates network namespaces and tap devices, so it needs root. Type: sudo scripts/lab $*"
}

# Commands that run when this script ends, in reverse order. They undo what an interrupted command leaves half done.
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
trap 'printf "scripts/lab: %s:%s: this command failed: %s\n" "${BASH_SOURCE##*/}" "$LINENO" "$BASH_COMMAND" >&"$stderr_fd"' ERR
trap 'say "interrupted: cleaning up"; exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# lock NAME: waits for the lock of that name, and holds it until unlock or the end of the script; does nothing if it is held already
declare -A locks=()
lock() {
  local descriptor file=$cache/locks/$1
  [[ -z ${locks[$1]:-} ]] || return 0
  mkdir -p "$cache/locks"
  exec {descriptor}>>"$file"
  flock -n "$descriptor" || {
    say "waiting for another scripts/lab, which holds the lock '$1'"
    run_interruptible flock -w 1200 "$descriptor" || die "another process still holds the lock '$1' after 20 minutes. To see which: fuser -v $file"
  }
  locks[$1]=$descriptor
}

unlock() {
  local descriptor=${locks[$1]:-}
  [[ -n $descriptor ]] || return 0
  exec {descriptor}>&-
  unset "locks[$1]"
}
