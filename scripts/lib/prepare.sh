# shellcheck shell=bash
# Sourced by scripts/{demo,test,e2e,bench}: what a fresh machine lacks is installed, and said; what was booted is taken down.

say() { printf '%s\n' "$*" >&2; }

# The Node packages of the lock file, once for each state of it. Not by `npm ci`: that refuses a lock file without the binaries
# of platforms that are not this one, and a registry's mirror that lacks them cannot write them into it.
install_node_packages() {
  local stamp=node_modules/.swarmhub-installed
  [ "$stamp" -nt package-lock.json ] && return
  say "installing the Node packages"
  npm install --no-save --no-audit --no-fund --loglevel=error >&2
  touch "$stamp"
}

# Debian packages that are missing, named as COMMAND=PACKAGE (or FILE=PACKAGE).
install_debian_packages() {
  local pair missing=()
  for pair; do
    # A path is looked for as such, a command only as a command: the project has a folder nginx.
    case $pair in
      /*) [ -e "${pair%%=*}" ] ;;
      *) command -v "${pair%%=*}" >/dev/null ;;
    esac || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing Debian packages: ${missing[*]}"
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# A Python environment with what the hub and its tests import, in $HUB_VENV; once for each state of their lists.
make_hub_venv() {
  export HUB_VENV=${XDG_CACHE_HOME:-$HOME/.cache}/swarmhub-test/hub
  [ "$HUB_VENV/installed" -nt hub/requirements.txt ] && [ "$HUB_VENV/installed" -nt hub/requirements-test.txt ] && return
  say "installing the Python packages of the hub"
  rm -rf "$HUB_VENV"
  python3 -m venv "$HUB_VENV" &&
    "$HUB_VENV/bin/pip" install -q -r hub/requirements.txt -r hub/requirements-test.txt &&
    touch "$HUB_VENV/installed"
}

# Whether virtual machines can be had here.
can_run_lab() { [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ]; }

# What is stopped in the middle leaves no machine behind: at the end the labs go that were booted, and no others'. Whoever boots
# one writes its name into $SWARMHUB_BOOTED_LABS.
remove_labs_on_exit() {
  SWARMHUB_BOOTED_LABS=$(mktemp)
  export SWARMHUB_BOOTED_LABS
  trap remove_labs EXIT
}
remove_labs() {
  local name
  sort -u "$SWARMHUB_BOOTED_LABS" | while read -r name; do scripts/lab --name "$name" down 2>/dev/null || true; done
  rm -f "$SWARMHUB_BOOTED_LABS"
}
