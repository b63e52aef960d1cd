# shellcheck shell=bash
# Starts and stops processes. A daemon is identified by its pid and its start time, so that another process to which the
# system gave the same pid later is never killed.

# start_time PID: prints the start time in clock ticks since boot; prints nothing if there is no such process
start_time() {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
  read -ra stat <<<"${stat##*) }" # The first word is field 3 of proc(5), the state; field 22 is the start time.
  [[ ${stat[0]} == Z ]] || echo "${stat[19]}"
}

# start_daemon PIDFILE LOG COMMAND…: starts the command in a session of its own; it inherits neither our locks nor our stderr
start_daemon() {
  local pidfile=$1 log=$2 pid
  shift 2
  (
    for descriptor in "$stderr_fd" "${locks[@]}"; do exec {descriptor}>&-; done
    exec setsid "$@"
  ) </dev/null >>"$log" 2>&1 &
  pid=$!
  echo "$pid $(start_time "$pid")" >"$pidfile"
  disown "$pid"
}

# Put before a command, this lets the kernel kill the command when this script ends, for whatever reason.
die_with_parent=(setpriv --pdeathsig KILL)

# daemon_is_running PIDFILE: succeeds if the process with this pid and start time is alive
daemon_is_running() {
  local pid started
  [[ -f $1 ]] && read -r pid started <"$1" && [[ -n $started && $(start_time "$pid") == "$started" ]]
}

# stop_daemon PIDFILE [SIGNAL]: signals the whole process group; sends KILL if the process has not ended 10 s later
stop_daemon() {
  local pidfile=$1 signal=${2:-KILL} pid started
  if daemon_is_running "$pidfile"; then
    read -r pid started <"$pidfile"
    kill -"$signal" -- "-$pid" 2>/dev/null || true
    wait_until 10 daemon_is_gone "$pidfile" || kill -KILL -- "-$pid" 2>/dev/null || true
    wait_until 10 daemon_is_gone "$pidfile" || say "process $pid did not end, not even after SIGKILL"
  fi
  rm -f "$pidfile"
}

daemon_is_gone() { ! daemon_is_running "$1"; }

# wait_until SECONDS COMMAND…: repeats the command until it succeeds; returns 1 when the time is up
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# run_isolated COMMAND…: runs a long command in mount and process namespaces of its own. Everything that it mounts or starts ends
# with it, also when this script is killed.
run_isolated() { run_interruptible "${die_with_parent[@]}" unshare --mount --pid --fork --kill-child=KILL --mount-proc "$@"; }

# run_interruptible COMMAND…: runs the command and waits for it; a signal to this script ends the waiting at once
run_interruptible() {
  local status=0
  "$@" </dev/null &
  background_pid=$!
  wait "$background_pid" || status=$?
  background_pid=
  return "$status"
}
background_pid=

# Kills the first process of the namespace: the kernel then kills all others, and the first one ends only after them.
stop_background() {
  [[ -n $background_pid ]] || return 0
  pkill -KILL -P "$background_pid" || kill -KILL "$background_pid" 2>/dev/null || true
  wait "$background_pid" 2>/dev/null || true # Otherwise bash prints "Killed" on the terminal.
}