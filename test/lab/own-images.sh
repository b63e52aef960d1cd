#!/usr/bin/env bash
# Builds swarmhub's own images and pushes them with `swarmhub images`, on the Docker Engine of the lab and to its registry.
# Needs root and what scripts/lab needs; test/lab/lab.test.sh runs it.
set -Eeuo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
cache=${SWARMHUB_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/swarmhub-lab}
library=scripts/lab.d
PATH=$PATH:/usr/sbin:/sbin
for part in output processes packages network guest-image registry images; do
  # shellcheck source=/dev/null
  . "$library/$part.sh"
done

npm run --silent build
ensure_guest_packages
ensure_image_packages
ensure_debian_image

registry='' # set by with_registry
swarmhub() { node dist/swarmhub.js images "$@"; }

# The Docker Engine of the lab has no bridge, so builds there use the network of this machine.
mkdir -p "$cache/docker/bin"
on_exit rm -rf "$cache/docker/bin"
cat >"$cache/docker/bin/docker" <<SH
#!/bin/sh
[ "\$1" != build ] || { shift && set -- build --network host "\$@"; }
exec $(command -v docker) "\$@"
SH
chmod +x "$cache/docker/bin/docker"

publish() {
  local docker=$cache/docker repositories=$cache/registry/docker/registry/v2/repositories prefix=swarmhub names image name
  export DOCKER_HOST=unix://$docker/socket PATH=$docker/bin:$PATH
  names=$(swarmhub ls example.org/swarmhub)
  # On a fresh machine these are the images that the end-to-end tests need next. Otherwise other names, of which only the tags
  # are removed, so that Docker can find the layers of an earlier run there.
  for image in $names; do
    name=${image##*/}
    ! registry_has "swarmhub/${name%:*}" "${name#*:}" || prefix=labtest
  done
  rm -rf "$repositories"/labtest/*/_manifests
  dockerd_up "$docker"
  swarmhub build "$registry/$prefix"
  names=$(swarmhub push "$registry/$prefix")
  [[ $names == "$(swarmhub ls "$registry/$prefix")" && $(wc -l <<<"$names") == 5 ]]
  for image in $names; do
    name=${image##*/}
    registry_has "$prefix/${name%:*}" "${name#*:}"
    docker rmi --no-prune "$image" >/dev/null
  done
  # The registry has them, so nothing is built: this would bring the names back.
  swarmhub push "$registry/$prefix" >/dev/null
  [[ -z $(docker images -q "$registry/$prefix/*") ]]
  docker image prune -f --filter until=48h >/dev/null
  dockerd_down "$docker"
}

lock images
lock registry
with_registry publish
