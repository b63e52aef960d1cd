# shellcheck shell=bash
# The registry of the lab, which is Debian's docker-registry. All labs share its blobs, which are in the cache; each lab runs a
# server for them in its own network.

registry_up() {
  ensure_debian_image
  daemon_is_running "$folder/registry.pid" && return
  start_registry "$folder/registry" "$gateway:5000" ip netns exec "$namespace"
}

registry_down() { stop_daemon "$folder/registry.pid" TERM; }

# start_registry BASE ADDRESS [COMMAND…]: starts the server, if given through COMMAND; its files are BASE.yml, .log and .pid
start_registry() {
  local base=$1 address=$2
  shift 2
  cat >"$base.yml" <<YAML
# Written by swarmhub's scripts/lab.
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $cache/registry}}
http: {addr: "$address"}
YAML
  : >"$base.log"
  start_daemon "$base.pid" "$base.log" "$@" docker-registry serve "$base.yml"
  wait_until 20 grep -q 'listening on' "$base.log" || {
    tail -3 "$base.log" >&2
    die "the registry does not listen on $address. Its whole output: $base.log"
  }
}

# with_registry COMMAND…: runs the command beside a registry on the loopback address, at $registry, that writes the shared blobs
with_registry() {
  local base=$cache/registry-writer
  stop_daemon "$base.pid"
  on_exit stop_daemon "$base.pid"
  start_registry "$base" 127.0.0.1:0 "${die_with_parent[@]}"
  registry=$(sed -n 's/.*listening on \([0-9.]*:[0-9]*\).*/\1/p' "$base.log" | head -1)
  "$@"
  stop_daemon "$base.pid" TERM
}

# tag_digest NAME TAG: prints the digest that a tag points to
tag_digest() { cat "$cache/registry/docker/registry/v2/repositories/$1/_manifests/tags/$2/current/link"; }

# registry_has NAME TAG: succeeds if the shared blobs contain the image; needs no running server
registry_has() { [[ -f $cache/registry/docker/registry/v2/repositories/$1/_manifests/tags/$2/current/link ]]; }

# Builds library/debian:trixie-slim if it is missing; the registry serves it as a mirror of Docker Hub would.
ensure_debian_image() {
  registry_has library/debian trixie-slim && return
  lock registry
  registry_has library/debian trixie-slim || build_debian_image
  unlock registry
}

build_debian_image() {
  local partial=$cache/debian.partial
  say 'building debian:trixie-slim for the registry (only once, takes about half a minute)'
  rm -rf "$partial"
  on_exit rm -rf "$partial"
  mkdir -p "$partial/rootfs"
  bootstrap trixie ca-certificates "$partial/rootfs"
  copy_ca_certificates "$partial/rootfs"
  run_isolated chroot "$partial/rootfs" update-ca-certificates >/dev/null 2>&1
  echo force-unsafe-io >"$partial/rootfs/etc/dpkg/dpkg.cfg.d/lab-force-unsafe-io"
  # As in the published trixie-slim image, the documentation of packages is not installed.
  printf 'path-exclude /usr/share/%s/*\n' doc man locale info lintian linda groff >"$partial/rootfs/etc/dpkg/dpkg.cfg.d/slim"
  echo 'path-include /usr/share/doc/*/copyright' >>"$partial/rootfs/etc/dpkg/dpkg.cfg.d/slim"
  rm -rf "$partial"/rootfs/usr/share/{doc,man,locale,info}/* "$partial"/rootfs/var/{lib/apt/lists,cache/apt,log}/*
  tar -c --numeric-owner --sort=name --exclude='./dev/*' -C "$partial/rootfs" -f "$partial/layer.tar" .
  with_registry push_layer "$partial" library/debian trixie-slim
  rm -rf "$partial"
}

# push_layer FOLDER NAME TAG: pushes FOLDER/layer.tar as an image of one layer (OCI image specification 1.0)
push_layer() {
  local source=$1 name=$2 tag=$3 diff type=application/vnd.oci.image
  diff=$(sha256sum <"$source/layer.tar" | cut -d' ' -f1)
  gzip -3 -n "$source/layer.tar"
  # pip, Node and other programs do not use the CA certificates of the system unless they are told to; behind a proxy that
  # inspects TLS all their downloads would fail.
  local ca=/etc/ssl/certs/ca-certificates.crt
  printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["/bin/bash"],"Env":["PATH=%s","SSL_CERT_FILE=%s","PIP_CERT=%s","NODE_EXTRA_CA_CERTS=%s"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$ca" "$ca" "$ca" "$diff" >"$source/config.json"
  printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":%s,"layers":[%s]}' "$type" \
    "$(push_blob "$source/config.json" "$name" "$type.config.v1+json")" \
    "$(push_blob "$source/layer.tar.gz" "$name" "$type.layer.v1.tar+gzip")" >"$source/manifest.json"
  curl -sSf -X PUT -H "Content-Type: $type.manifest.v1+json" --data-binary "@$source/manifest.json" \
    "http://$registry/v2/$name/manifests/$tag"
}

# push_blob FILE NAME TYPE: uploads the file and prints its OCI descriptor
push_blob() {
  local digest upload
  digest=sha256:$(sha256sum <"$1" | cut -d' ' -f1)
  upload=$(curl -sSf -X POST -o /dev/null -D - "http://$registry/v2/$2/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  curl -sSf -X PUT -H 'Content-Type: application/octet-stream' --upload-file "$1" "$upload&digest=$digest"
  printf '{"mediaType":"%s","digest":"%s","size":%s}' "$3" "$digest" "$(stat -c %s "$1")"
}
