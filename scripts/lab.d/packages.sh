# shellcheck shell=bash
# Installs the Debian packages that the lab needs on this machine.

# ensure_packages REASON COMMAND:PACKAGE…: installs the packages whose commands are missing
ensure_packages() {
  local reason=$1 pair missing=()
  shift
  for pair in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || die "these Debian packages are missing, and this machine has no apt-get: ${missing[*]} ($reason)"
  lock packages
  say "installing ${missing[*]} ($reason)"
  without_starting_services install_packages "${missing[@]}"
  unlock packages
}

install_packages() {
  local log=$cache/packages.log
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1 || {
    tail -5 "$log" >&2
    die "apt-get could not install $*. Its whole output: $log"
  }
}

# without_starting_services COMMAND PACKAGE…: the lab runs its own registry and its own dockerd, so the services of the packages
# are neither started nor enabled.
without_starting_services() {
  local policy=/usr/sbin/policy-rc.d unit
  [[ -e $policy ]] || {
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    on_exit rm -f "$policy"
  }
  "$@"
  shift
  [[ -d /run/systemd/system ]] || return 0
  for unit in "$@"; do
    case $unit in
      docker-registry) systemctl --quiet disable docker-registry.service || true ;;
      docker.io) systemctl --quiet disable docker.service docker.socket containerd.service || true ;;
    esac
  done
}

ensure_guest_packages() {
  ensure_packages 'to create guests and their network' mmdebstrap:mmdebstrap ip:iproute2 iptables:iptables \
    mke2fs:e2fsprogs ssh:openssh-client docker-registry:docker-registry curl:curl \
    unshare:util-linux flock:util-linux gzip:gzip pkill:procps
  [[ -f $debian_keyring ]] || ensure_packages 'to verify the packages of Debian' no-such-command:debian-archive-keyring
}

ensure_image_packages() {
  ensure_packages 'to build the notebook image' dockerd:docker.io
  # Since trixie the command docker is in a package of its own, which docker.io only recommends.
  ensure_packages 'to build the notebook image' docker:docker-cli
}

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg
