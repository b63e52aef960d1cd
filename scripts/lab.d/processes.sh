# shellcheck shell=bash
# Processes that the lab starts. A daemon is known by its pid and start time, so that a number that the system has
# given to somebody else since is never killed.

# start_time PID: clock ticks since boot, nothing if there is no such process
start_time() {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
  read -ra stat <<<"${stat##*) }" # from field 3 of proc(5) on: the state; field 22 is the start time
  [[ ${stat[0]} == Z ]] || echo "${stat[19]}"
}

# start_daemon PIDFILE LOG COMMAND…: in a session of its own, with none of our locks, and without what we speak to
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

# The beginning of a command that is not to outlive this script, however it ends
die_with_parent=(setpriv --pdeathsig KILL)

# daemon_is_running PIDFILE
daemon_is_running() {
  local pid started
  [[ -f $1 ]] && read -r pid started <"$1" && [[ -n $started && $(start_time "$pid") == "$started" ]]
}

# stop_daemon PIDFILE [SIGNAL]: the whole process group; a signal that is not heeded within 10 s becomes KILL
stop_daemon() {
  local pidfile=$1 signal=${2:-KILL} pid started
  if daemon_is_running "$pidfile"; then
    read -r pid started <"$pidfile"
    kill -"$signal" -- "-$pid" 2>/dev/null || true
    wait_until 10 daemon_is_gone "$pidfile" || kill -KILL -- "-$pid" 2>/dev/null || true
    wait_until 10 daemon_is_gone "$pidfile" || say "process $pid does not die"
  fi
  rm -f "$pidfile"
}

daemon_is_gone() { ! daemon_is_running "$1"; }

# wait_until SECONDS COMMAND…: until the command succeeds; 1 when the time is up
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# run_isolated COMMAND…: a long command in mount and process namespaces of its own: whatever it mounts or starts goes with it, also
# when this script is killed
run_isolated() { run_interruptible "${die_with_parent[@]}" unshare --mount --pid --fork --kill-child=KILL --mount-proc "$@"; }

# run_interruptible COMMAND…: wait for it in a way that a signal to this script ends at once
run_interruptible() {
  local status=0
  "$@" </dev/null &
  background_pid=$!
  wait "$background_pid" || status=$?
  background_pid=
  return "$status"
}
background_pid=

# The first process of the namespace takes all others along, and is only gone when they are.
stop_background() {
  [[ -n $background_pid ]] || return 0
  pkill -KILL -P "$background_pid" || kill -KILL "$background_pid" 2>/dev/null || true
  wait "$background_pid" 2>/dev/null || true # and without the word "Killed" on the terminal
}