# shellcheck shell=bash
# Builds the notebook image and other images on a dockerd of the lab, which runs only during the build.

notebook_image=swarmhub/notebook:lab

ensure_notebook_image() {
  ensure_guest_packages
  ensure_image_packages
  ensure_debian_image
  lock images
  local inputs
  inputs=$(find "$library/notebook" -type f -exec sha256sum {} + | sed "s|$library||" | sort | cat - <(tag_digest library/debian trixie-slim) | sha256sum | cut -d' ' -f1)
  if registry_has "${notebook_image%:*}" "${notebook_image#*:}" && [[ $(cat "$cache/notebook.made-of" 2>/dev/null) == "$inputs" ]]; then
    say "$notebook_image is up to date"
  else
    lock registry
    with_registry build_notebook_image
    unlock registry
    echo "$inputs" >"$cache/notebook.made-of"
  fi
  unlock images
}

build_notebook_image() {
  local docker=$cache/docker socket=unix://$cache/docker/socket
  say "building $notebook_image"
  mkdir -p "$docker"
  dockerd_up "$docker"
  run_isolated docker -H "$socket" build --network host --pull -t "$registry/$notebook_image" "$library/notebook" >"$docker/build.log" 2>&1 || {
    tail -20 "$docker/build.log" >&2
    die "docker build failed. Its whole output: $docker/build.log"
  }
  say "checking $notebook_image"
  run_isolated docker -H "$socket" run --rm --network host --volume "$library/notebook/check.py:/check.py:ro" \
    "$registry/$notebook_image" python /check.py >"$docker/check.log" 2>&1 || die "$notebook_image does not work, so it is not pushed: $(<"$docker/check.log")"
  say "$(tail -1 "$docker/check.log")"
  say "pushing $notebook_image"
  run_isolated docker -H "$socket" push -q "$registry/$notebook_image" >/dev/null
  # The port of the registry changes each time, so the image keeps a tag without it, as a cache for the next build.
  docker -H "$socket" tag "$registry/$notebook_image" "$notebook_image"
  docker -H "$socket" rmi "$registry/$notebook_image" >/dev/null
  docker -H "$socket" image prune -f --filter until=48h >/dev/null
  dockerd_down "$docker"
  say "$notebook_image is in the registry"
}

# ensure_images FOLDER TARGET=NAME:TAG…: builds and pushes the images that the registry does not have
ensure_images() {
  local source=$1 pair missing=()
  shift
  for pair; do
    [[ $pair =~ ^[a-z0-9]+=[a-z0-9/-]+:[a-z0-9]+$ ]] || usage_error "images needs TARGET=NAME:TAG, not '$pair'."
    registry_has "$(without_tag "${pair#*=}")" "${pair##*:}" || missing+=("$pair")
  done
  ((${#missing[@]})) || return 0
  lock images
  lock registry
  with_registry build_images "$source" "${missing[@]}"
  unlock registry
  unlock images
}

without_tag() { echo "${1%:*}"; }

build_images() {
  local docker=$cache/docker source=$1 pair image
  shift
  mkdir -p "$docker"
  dockerd_up "$docker"
  for pair; do
    image=$registry/${pair#*=}
    say "building ${pair#*=}"
    run_isolated docker -H "unix://$docker/socket" build --network host --target "${pair%%=*}" -f "$source/templates/Dockerfile" -t "$image" "$source" \
      >"$docker/build.log" 2>&1 || {
      tail -20 "$docker/build.log" >&2
      die "docker build failed. Its whole output: $docker/build.log"
    }
    run_isolated docker -H "unix://$docker/socket" push -q "$image" >/dev/null
    docker -H "unix://$docker/socket" rmi --no-prune "$image" >/dev/null
  done
  dockerd_down "$docker"
}

# Starts dockerd in namespaces of its own. Everything that it mounts and starts ends with it.
dockerd_up() {
  local docker=$1
  dockerd_down "$docker"
  on_exit dockerd_down "$docker"
  printf '{}\n' >"$docker/daemon.json"
  rm -f "$docker/pid" "$docker/socket"
  : >"$docker/log"
  start_daemon "$docker/daemon.pid" "$docker/log" "${die_with_parent[@]}" unshare --mount --pid --fork --kill-child=KILL --mount-proc dockerd \
    --config-file "$docker/daemon.json" --data-root "$docker/data" --exec-root "$docker/exec" --pidfile "$docker/pid" \
    --host "unix://$docker/socket" --registry-mirror "http://$registry" --insecure-registry "$registry" \
    --bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false
  wait_until 60 docker_answers "$docker" || {
    tail -5 "$docker/log" >&2
    die "the dockerd of the lab does not start. Its whole output: $docker/log"
  }
}

docker_answers() { docker -H "unix://$1/socket" version >/dev/null 2>&1; }

# Signals the first process of the namespace, because unshare does not pass signals on.
dockerd_down() {
  local pid
  if daemon_is_running "$1/daemon.pid"; then
    read -r pid _ <"$1/daemon.pid"
    pkill -TERM -P "$pid" || true
    wait_until 15 daemon_is_gone "$1/daemon.pid" || true
  fi
  stop_daemon "$1/daemon.pid" KILL
}
