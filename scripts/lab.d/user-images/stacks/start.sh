#!/bin/bash
# The entrypoint of the image `stacks`: runs the hooks, then the command; as root it changes to the user with sudo, like docker-stacks.
set -e
for hook in /usr/local/bin/before-notebook.d/*.sh; do
  # shellcheck source=/dev/null
  if [ -f "$hook" ]; then . "$hook"; fi
done
if [ "$(id -u)" = 0 ]; then exec sudo --preserve-env --set-home --user "$NB_USER" PATH="$PATH" "$@"; fi
exec "$@"
