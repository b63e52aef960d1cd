# shellcheck shell=bash
# The lab's registry: Debian's docker-registry. Its blobs are in the cache and shared by all labs; each lab serves them in its own network.

registry_up() {
  make_debian_image
  daemon_runs "$folder/registry.pid" && return
  serve_registry "$folder/registry" "$gateway:5000" ip netns exec "$namespace"
}

registry_down() { stop_daemon "$folder/registry.pid" TERM; }

# serve_registry FILES ADDRESS [COMMAND…]: FILES.yml, .log and .pid are its own
serve_registry() {
  local files=$1 address=$2
  shift 2
  cat >"$files.yml" <<YAML
# Written by swarmhub's scripts/lab.
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $cache/registry}}
http: {addr: "$address"}
YAML
  : >"$files.log"
  start_daemon "$files.pid" "$files.log" "$@" docker-registry serve "$files.yml"
  wait_until 20 grep -q 'listening on' "$files.log" || {
    tail -3 "$files.log" >&2
    die "the registry does not listen on $address. The whole of what it said: $files.log"
  }
}

# with_registry COMMAND…: with a registry on loopback that writes to the shared blobs; its address is in $registry
with_registry() {
  local files=$cache/registry-writer
  stop_daemon "$files.pid"
  on_exit_do stop_daemon "$files.pid"
  serve_registry "$files" 127.0.0.1:0 "${dies_with_us[@]}"
  registry=$(sed -n 's/.*listening on \([0-9.]*:[0-9]*\).*/\1/p' "$files.log" | head -1)
  "$@"
  stop_daemon "$files.pid" TERM
}

# registry_has NAME TAG: in the shared blobs, without asking a server
# registry_link NAME TAG: the digest behind a tag
registry_link() { cat "$cache/registry/docker/registry/v2/repositories/$1/_manifests/tags/$2/current/link"; }

registry_has() { [[ -f $cache/registry/docker/registry/v2/repositories/$1/_manifests/tags/$2/current/link ]]; }

# library/debian:trixie-slim, as any class's own registry would mirror it
make_debian_image() {
  registry_has library/debian trixie-slim && return
  lock registry
  registry_has library/debian trixie-slim || build_debian_image
  unlock registry
}

build_debian_image() {
  local making=$cache/debian.making
  say 'making debian:trixie-slim for the registry (once, about half a minute)'
  rm -rf "$making"
  on_exit_do rm -rf "$making"
  mkdir -p "$making/tree"
  bootstrap trixie ca-certificates "$making/tree"
  copy_authorities "$making/tree"
  work chroot "$making/tree" update-ca-certificates >/dev/null 2>&1
  echo force-unsafe-io >"$making/tree/etc/dpkg/dpkg.cfg.d/lab-force-unsafe-io"
  # As in the published trixie-slim: packages leave their documentation behind.
  printf 'path-exclude /usr/share/%s/*\n' doc man locale info lintian linda groff >"$making/tree/etc/dpkg/dpkg.cfg.d/slim"
  echo 'path-include /usr/share/doc/*/copyright' >>"$making/tree/etc/dpkg/dpkg.cfg.d/slim"
  rm -rf "$making"/tree/usr/share/{doc,man,locale,info}/* "$making"/tree/var/{lib/apt/lists,cache/apt,log}/*
  tar -c --numeric-owner --sort=name --exclude='./dev/*' -C "$making/tree" -f "$making/layer.tar" .
  with_registry push_layer "$making" library/debian trixie-slim
  rm -rf "$making"
}

# push_layer FOLDER NAME TAG: FOLDER/layer.tar as an image of one layer (OCI image specification 1.0)
push_layer() {
  local folder=$1 name=$2 tag=$3 diff type=application/vnd.oci.image
  diff=$(sha256sum <"$folder/layer.tar" | cut -d' ' -f1)
  gzip -3 -n "$folder/layer.tar"
  # pip, node and the like look only where they are told; behind an inspecting proxy they would refuse everything.
  local ca=/etc/ssl/certs/ca-certificates.crt
  printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["/bin/bash"],"Env":["PATH=%s","SSL_CERT_FILE=%s","PIP_CERT=%s","NODE_EXTRA_CA_CERTS=%s"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$ca" "$ca" "$ca" "$diff" >"$folder/config.json"
  printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":%s,"layers":[%s]}' "$type" \
    "$(push_blob "$folder/config.json" "$name" "$type.config.v1+json")" \
    "$(push_blob "$folder/layer.tar.gz" "$name" "$type.layer.v1.tar+gzip")" >"$folder/manifest.json"
  curl -sSf -X PUT -H "Content-Type: $type.manifest.v1+json" --data-binary "@$folder/manifest.json" \
    "http://$registry/v2/$name/manifests/$tag"
}

# push_blob FILE NAME TYPE: prints its descriptor
push_blob() {
  local digest upload
  digest=sha256:$(sha256sum <"$1" | cut -d' ' -f1)
  upload=$(curl -sSf -X POST -o /dev/null -D - "http://$registry/v2/$2/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  curl -sSf -X PUT -H 'Content-Type: application/octet-stream' --upload-file "$1" "$upload&digest=$digest"
  printf '{"mediaType":"%s","digest":"%s","size":%s}' "$3" "$digest" "$(stat -c %s "$1")"
}
