# shellcheck shell=bash
# Stock guests have Debian's own kernel for clouds and run under QEMU, without KVM. They are four to six times slower than the others,
# and have what user-mode Linux lacks: nftables, AppArmor, virtio disks, an initramfs, and the order of systemd's units as in a cloud.

# zstd and e2fsprogs are for update-initramfs, which would else compress with gzip, slowly.
stock_packages=linux-image-cloud-amd64,initramfs-tools,zstd,e2fsprogs,systemd,systemd-sysv,udev,kmod,openssh-server,iproute2,iptables,nftables,apparmor,ca-certificates,procps,netbase,dbus,curl,sudo

guest_is_stock() { [[ -f $folder/vm$1.stock ]]; }

ensure_stock_packages() { ensure_packages 'to run stock guests' qemu-system-x86_64:qemu-system-x86; }

# extract_stock_kernel ROOTFS TARGET: copies the kernel and the initramfs, which QEMU starts without a boot loader
extract_stock_kernel() {
  mkdir -p "$2"
  cp "$1"/boot/vmlinuz-* "$2/vmlinuz"
  cp "$1"/boot/initrd.img-* "$2/initrd"
}

# qemu_devices_of K: prints the options for the devices of the guest's conditions, one word a line
qemu_devices_of() {
  local kind device mac cards=0
  while read -r kind device mac; do
    case $kind in
      card) qemu_card "condition$((++cards))" "$device" "$mac" ;;
      disk) qemu_disk "$folder/$device" ;;
    esac
  done < <(for_each_condition devices_of "$1")
}

qemu_card() { printf '%s\n' -netdev "tap,id=$1,ifname=$2,script=no,downscript=no" -device "virtio-net-pci,netdev=$1,mac=$3,romfile="; }
# qemu_disk FILE [SERIAL]: with a serial number, the guest has the name /dev/disk/by-id/virtio-SERIAL for it
qemu_disk() { printf '%s\n' -drive "file=$1,format=raw,if=none,id=${1##*.},cache=unsafe" -device "virtio-blk-pci,drive=${1##*.}${2:+,serial=$2}"; }

# attach_in_front K: the guest has another blank disk in front of its second one from the next boot on, so that this has another name
attach_in_front() { truncate -s 2G "$folder/vm$1.front"; }

# boot_stock_guest K MTU RESOLVER: starts QEMU; the tap of the guest exists
boot_stock_guest() {
  local k=$1 mtu=$2 resolver=$3 image options
  image=$cache/guest/$(<"$folder/vm$k.image")
  [[ -f $folder/vm$k.img ]] || cp --sparse=always "$image/base.img" "$folder/vm$k.img"
  mapfile -t options < <(
    qemu_disk "$folder/vm$k.img"
    [[ ! -f $folder/vm$k.front ]] || qemu_disk "$folder/vm$k.front"
    qemu_disk "$folder/vm$k.data" homes
    qemu_card lab "tap$k" "$(guest_mac_address "$k")"
    qemu_devices_of "$k"
  )
  # In one thread: with one for each processor, the kernel has ended in a panic at a reboot (seen once: "Oops: int3" in dequeue_entity,
  # 6.12, QEMU 7.2). Probably one processor met the other one's half-written patch of the code.
  start_daemon "$folder/vm$k.pid" "$folder/vm$k.qemu.log" ip netns exec "$namespace" qemu-system-x86_64 \
    -accel tcg,thread=single -cpu max -smp 2 -m "$(<"$folder/vm$k.memory")" -nodefaults -display none -serial "file:$folder/vm$k.log" \
    -kernel "$image/kernel/vmlinuz" -initrd "$image/kernel/initrd" \
    -append "root=/dev/vda rw console=ttyS0 net.ifnames=0 quiet $(identity_arguments "$k" "$mtu" "$resolver")" "${options[@]}"
}
