# shellcheck shell=bash
# Sourced by scripts/{quick,test}: runs a command with a time limit.

# run_with_time_limit SECONDS GRACE COMMAND…: runs the command in a process group of its own. If it has not ended after SECONDS, the
# group gets SIGINT and, GRACE seconds later, SIGKILL. Returns 124 if the limit was exceeded, otherwise the exit status of the
# command. Call it in a subshell: on SIGTERM it sends SIGINT to the group, and SIGKILL if the group ignores that.
run_with_time_limit() {
  local limit=$1 grace=$2 started=$SECONDS pid code tenths=0
  shift 2
  timeout --signal=INT --kill-after="$grace" "$limit" "$@" &
  pid=$! # timeout is the leader of the group and passes signals on to it.
  trap 'kill -INT "$pid" 2>/dev/null' TERM
  while kill -0 "$pid" 2>/dev/null; do wait "$pid" 2>/dev/null; done # SIGTERM interrupts wait.
  wait "$pid" 2>/dev/null
  code=$?
  [ "$code" != 0 ] || return 0
  # The leader has ended, but other processes of the group may still be cleaning up.
  if [ "$code" != 137 ]; then
    while kill -0 -- "-$pid" 2>/dev/null && ((tenths++ < grace * 10)); do sleep 0.1; done
  fi
  kill -KILL -- "-$pid" 2>/dev/null
  # SIGKILL for the group kills timeout as well.
  if [ "$code" = 137 ] && ((SECONDS - started >= limit)); then code=124; fi
  return "$code"
}
