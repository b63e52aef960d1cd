# shellcheck shell=bash
# Sourced by scripts/{demo,test,e2e,bench}. Installs what is missing on a fresh machine, and removes the labs that were booted.

say() { printf '%s\n' "$*" >&2; }

# Installs the Node packages of the lock file, again whenever that file has changed. `npm ci` is not used, because it refuses a
# lock file that does not list the binaries of all other platforms, and a registry mirror without those binaries cannot add them.
install_node_packages() {
  local stamp=node_modules/.swarmhub-installed
  [ "$stamp" -nt package-lock.json ] && return
  say "installing the Node packages"
  npm install --no-save --no-audit --no-fund --loglevel=error >&2
  touch "$stamp"
}

# Installs the Debian packages that are missing. Each argument is COMMAND=PACKAGE or /FILE=PACKAGE.
install_debian_packages() {
  local pair missing=()
  for pair; do
    # A file is looked for only if the name is an absolute path: the project has a folder with the name of the command nginx.
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

# Makes a Python environment for the hub and its tests in $HUB_VENV, a new one if a list of requirements or Python has changed: other
# checkouts may use the old one at this moment. Those that were made a month ago are removed.
make_hub_venv() {
  local folder=${XDG_CACHE_HOME:-$HOME/.cache}/swarmhub-test key
  key=$( (python3 --version && cat hub/requirements.txt hub/requirements-test.txt) | sha256sum | cut -c1-12)
  export HUB_VENV=$folder/hub-$key
  mkdir -p "$folder"
  (
    flock 9
    [ ! -e "$HUB_VENV/installed" ] || exit 0
    say "installing the Python packages of the hub"
    find "$folder" -maxdepth 1 -name 'hub*' -type d -mtime +30 -exec rm -rf {} +
    rm -rf "$HUB_VENV"
    python3 -m venv "$HUB_VENV" &&
      "$HUB_VENV/bin/pip" install -q -r hub/requirements.txt -r hub/requirements-test.txt &&
      touch "$HUB_VENV/installed"
  ) 9>"$folder/hub.lock"
}

# Succeeds if this machine can run virtual machines for us.
can_run_lab() { [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ]; }

# Removes the labs of this run when the script ends, also when it is interrupted; labs of other runs stay. A program that boots
# a lab appends the name to the file $SWARMHUB_BOOTED_LABS.
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
