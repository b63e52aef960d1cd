# shellcheck shell=bash
# separate-var: /var is a file system of its own with 4 GB, on a third disk

devices_of_separate_var() {
  local disk=$folder/vm$1.var
  [[ -f $disk ]] || { truncate -s 4G "$disk" && mke2fs -q -t ext4 -L lab-var "$disk"; }
  echo "disk vm$1.var"
}

prepare_separate_var() {
  as_root "$1" <<'SCRIPT'
mount LABEL=lab-var /mnt
cp -a /var/. /mnt/
umount /mnt
echo 'LABEL=lab-var /var ext4 defaults 0 0' >>/etc/fstab
SCRIPT
  needs_reboot "$1"
}
