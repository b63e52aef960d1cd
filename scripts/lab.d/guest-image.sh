# shellcheck shell=bash
# What is made once and shared by all labs: the key, the guest's disk image, and the kernel with the libraries it runs on.

guest_packages=systemd,systemd-sysv,udev,kmod,openssh-server,iproute2,iptables,ca-certificates,procps,netbase,dbus,curl,sudo,user-mode-linux

# The image is named after what it is made of: a change of the recipe makes another one, and guests keep theirs. Each release
# of Debian, with more packages or without, is a variant of one recipe.
guest_image_name() { echo "$(recipe_hash)-$(sha256sum <<<"$*" | cut -c1-6)"; }

recipe_hash() {
  {
    echo "$guest_packages"
    declare -f build_guest_image bootstrap extract_kernel
    cat "$library"/guest/* "$cache/key.pub"
    extra_ca_certificates | xargs -r cat
  } | sha256sum | cut -c1-12
}

# The host's own extra authorities: behind an inspecting proxy nothing else can fetch over TLS.
extra_ca_certificates() { find /usr/local/share/ca-certificates -name '*.crt' 2>/dev/null | sort; }

copy_ca_certificates() {
  local file
  extra_ca_certificates | while read -r file; do install -D -m 644 "$file" "$1/usr/local/share/ca-certificates/${file##*/}"; done
}

# ensure_guest_image RELEASE PACKAGES: with these beyond what a blank machine has
ensure_guest_image() {
  mkdir -p "$cache/guest"
  lock guest-image
  [[ -f $cache/key ]] || ssh-keygen -q -t ed25519 -N '' -C 'the lab of swarmhub' -f "$cache/key"
  image=$(guest_image_name "$@")
  [[ -f $cache/guest/$image/base.img ]] || build_guest_image "$cache/guest/$image" "$@"
  mkdir -p "$folder"
  [[ -f $folder/image ]] || echo "$image" >"$folder/image"
  remove_old_guest_images
  unlock guest-image
}

build_guest_image() {
  local partial=$1.partial rootfs=$1.partial/rootfs release=$2 packages=$3
  say "making the guests' disk image (Debian $release${packages:+ with $packages}; once, about a minute)"
  rm -rf "$partial"
  on_exit rm -rf "$partial"
  mkdir -p "$rootfs"
  bootstrap "$release" "$guest_packages${packages:+,$packages}" "$rootfs"
  install -m 755 "$library/guest/lab-identity" "$rootfs/usr/local/sbin/lab-identity"
  install -m 644 "$library/guest/lab-identity.service" "$rootfs/etc/systemd/system/lab-identity.service"
  install -m 644 "$cache/key.pub" "$rootfs/lab-key.pub"
  install -m 755 "$library/guest/setup.sh" "$rootfs/lab-setup"
  copy_ca_certificates "$rootfs"
  # shellcheck disable=SC2016 # expanded by the inner shell
  run_isolated sh -ec 'mount -t proc proc "$1/proc"; exec chroot "$1" /lab-setup' lab "$rootfs"
  rm "$rootfs/lab-setup"
  extract_kernel "$rootfs" "$partial/kernel"
  mke2fs -q -t ext4 -E lazy_itable_init=1 -d "$rootfs" "$partial/base.img" 12G >/dev/null
  rm -rf "$rootfs"
  mv "$partial" "$1"
  say "the guests' disk image is made"
}

# bootstrap RELEASE PACKAGES TARGET: a minimal Debian. Its mounts live and die in a namespace of their own.
bootstrap() {
  local log=$cache/bootstrap-${3##*/}.log
  run_isolated mmdebstrap --quiet --mode=root --variant=minbase --keyring="$debian_keyring" --include="$2" "$1" "$3" >"$log" 2>&1 || {
    tail -5 "$log" >&2
    die "mmdebstrap failed. The whole of what it said: $log"
  }
}

# Disk images of earlier recipes, when nothing stands on them any more.
remove_old_guest_images() {
  local old used
  used=$(find "$cache" -maxdepth 4 -path "$cache/guest" -prune -o -path "$cache/docker" -prune -o '(' -name image -o -name 'vm*.image' ')' -type f -exec cat {} +) || return 0
  find "$cache/guest" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | while read -r old; do
    [[ ${old%-*} == "${image%-*}" || $'\n'$used$'\n' == *$'\n'$old$'\n'* ]] || rm -rf "${cache:?}/guest/$old"
  done
}

# extract_kernel TREE TO: a release's kernel needs its C library, so it runs in a little root of its own
extract_kernel() {
  local rootfs=$1 target=$2 file
  mkdir -p "$target"/{proc,dev,lab,tmp}
  for file in /usr/bin/linux.uml $(chroot "$rootfs" ldd /usr/bin/linux.uml | grep -o '/[^ ]*'); do
    install -D "$rootfs$file" "$target$file"
  done
  rm -rf "$rootfs/usr/bin/linux.uml" "$rootfs/usr/lib/uml"
}
