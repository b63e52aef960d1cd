# shellcheck shell=bash
# Builds what all labs share: the SSH key, the disk image of the guests, and their kernel with its libraries.

guest_packages=systemd,systemd-sysv,udev,kmod,openssh-server,iproute2,iptables,ca-certificates,procps,netbase,dbus,curl,sudo,user-mode-linux

# The name of the image contains a hash of its recipe. A changed recipe gives another image, and existing guests keep theirs. A
# second hash stands for the release of Debian and the additional packages.
guest_image_name() { echo "$(recipe_hash)-$(sha256sum <<<"$*" | cut -c1-6)"; }

recipe_hash() {
  {
    echo "$guest_packages $stock_packages"
    declare -f build_guest_image bootstrap extract_kernel extract_stock_kernel
    cat "$library"/guest/* "$cache/key.pub"
    extra_ca_certificates | xargs -r cat
  } | sha256sum | cut -c1-12
}

# Lists the additional CA certificates of the host. Behind a proxy that inspects TLS, guests need them for every download.
extra_ca_certificates() { find /usr/local/share/ca-certificates -name '*.crt' 2>/dev/null | sort; }

copy_ca_certificates() {
  local file
  extra_ca_certificates | while read -r file; do install -D -m 644 "$file" "$1/usr/local/share/ca-certificates/${file##*/}"; done
}

# ensure_guest_image RELEASE PACKAGES [STOCK]: builds the image if it is missing; PACKAGES are added to those of a blank machine
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
  local partial=$1.partial rootfs=$1.partial/rootfs release=$2 packages=$3 stock=${4:-}
  say "building the disk image of the ${stock:+stock }guests (Debian $release${packages:+ with $packages}; only once, takes about a minute)"
  rm -rf "$partial"
  on_exit rm -rf "$partial"
  mkdir -p "$rootfs"
  local base=$guest_packages
  [[ -z $stock ]] || base=$stock_packages
  bootstrap "$release" "$base${packages:+,$packages}" "$rootfs"
  install -m 755 "$library/guest/lab-identity" "$rootfs/usr/local/sbin/lab-identity"
  install -m 644 "$library/guest/lab-identity.service" "$rootfs/etc/systemd/system/lab-identity.service"
  install -m 644 "$cache/key.pub" "$rootfs/lab-key.pub"
  install -m 755 "$library/guest/setup.sh" "$rootfs/lab-setup"
  copy_ca_certificates "$rootfs"
  # shellcheck disable=SC2016 # expanded by the inner shell
  run_isolated sh -ec 'mount -t proc proc "$1/proc"; exec chroot "$1" /lab-setup' lab "$rootfs"
  rm "$rootfs/lab-setup"
  "extract${stock:+_stock}_kernel" "$rootfs" "$partial/kernel"
  mke2fs -q -t ext4 -E lazy_itable_init=1 -d "$rootfs" "$partial/base.img" 12G >/dev/null
  rm -rf "$rootfs"
  mv "$partial" "$1"
  say "the disk image of the guests is ready"
}

# bootstrap RELEASE PACKAGES TARGET: unpacks a minimal Debian. Its mounts are in a namespace of their own and end with it.
bootstrap() {
  local log=$cache/bootstrap-${3##*/}.log
  run_isolated mmdebstrap --quiet --mode=root --variant=minbase --keyring="$debian_keyring" --include="$2" "$1" "$3" >"$log" 2>&1 || {
    tail -5 "$log" >&2
    die "mmdebstrap failed. Its whole output: $log"
  }
}

# Removes the disk images of earlier recipes that no guest and no snapshot uses.
remove_old_guest_images() {
  local old used
  used=$(find "$cache" -maxdepth 4 -path "$cache/guest" -prune -o -path "$cache/docker" -prune -o '(' -name image -o -name 'vm*.image' ')' -type f -exec cat {} +) || return 0
  find "$cache/guest" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | while read -r old; do
    [[ ${old%-*} == "${image%-*}" || $'\n'$used$'\n' == *$'\n'$old$'\n'* ]] || rm -rf "${cache:?}/guest/$old"
  done
}

# extract_kernel ROOTFS TARGET: moves the kernel into a small root file system of its own, with the C library of its release
extract_kernel() {
  local rootfs=$1 target=$2 file
  mkdir -p "$target"/{proc,dev,lab,tmp}
  for file in /usr/bin/linux.uml $(chroot "$rootfs" ldd /usr/bin/linux.uml | grep -o '/[^ ]*'); do
    install -D "$rootfs$file" "$target$file"
  done
  rm -rf "$rootfs/usr/bin/linux.uml" "$rootfs/usr/lib/uml"
}
