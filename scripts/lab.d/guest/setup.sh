#!/bin/sh
# Runs once, in the root file system of the guest (chroot): turns a Debian into a blank cloud VM that boots under user-mode Linux.
set -eu

useradd --create-home --shell /bin/bash debian
echo 'debian ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/debian
for home in /root /home/debian; do
  install -d -m 700 "$home/.ssh"
  install -m 600 /lab-key.pub "$home/.ssh/authorized_keys"
done
chown -R debian: /home/debian
rm /lab-key.pub

update-ca-certificates >/dev/null 2>&1
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/lab-force-unsafe-io
# The package iptables-persistent has saved the rules of the machine that built this.
rm -f /etc/iptables/rules.v4 /etc/iptables/rules.v6

# These are created at the first boot, so that every guest has its own.
rm -f /etc/ssh/ssh_host_* /var/lib/dbus/machine-id
: >/etc/machine-id

systemctl --quiet enable lab-identity.service ssh.service
# The timers of apt would hold its lock during a test.
systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer

prepare_for_user_mode_linux() {
  version=$(ls /usr/lib/uml/modules)
  mkdir -p /usr/lib/modules
  mv "/usr/lib/uml/modules/$version" "/usr/lib/modules/$version"
  depmod -a "$version"

  # The kernel of the guest has no NAT for nftables.
  update-alternatives --quiet --set iptables /usr/sbin/iptables-legacy
  update-alternatives --quiet --set ip6tables /usr/sbin/ip6tables-legacy

  # Node uses io_uring, in which this kernel panicked once (a bad page); nothing else here uses it.
  echo 'kernel.io_uring_disabled = 2' >/etc/sysctl.d/lab.conf
  echo '/dev/ubda / ext4 defaults 0 0' >/etc/fstab
  # Disables logins on terminals, and units that only slow down the boot.
  systemctl --quiet mask getty@tty1.service console-getty.service systemd-logind.service modprobe@drm.service modprobe@efi_pstore.service
  # User-mode Linux has 512 terminals; udev would spend seconds on them.
  install -D -m 644 /dev/stdin /etc/systemd/system/systemd-udev-trigger.service.d/lab.conf <<'UNIT'
# Written by swarmhub's scripts/lab.
[Service]
ExecStart=
ExecStart=-udevadm trigger --type=all --action=add --prioritized-subsystem=module,block,net --subsystem-nomatch=tty
UNIT
  # An Acorn PowerTec partition table has no signature and a checksum of one byte, so user-mode Linux sees such a table on one in 256
  # disks with XFS. One of these false partitions begins where the disk does, and the UUID of the file system then leads to it and
  # not to the disk. The rule removes every partition for which blkid finds no partition table.
  cat >/etc/udev/rules.d/99-lab.rules <<'RULES'
# Written by swarmhub's scripts/lab.
ACTION!="remove", SUBSYSTEM=="block", KERNEL=="ubdb[0-9]*", ENV{ID_PART_ENTRY_SCHEME}=="", RUN+="/usr/bin/partx --delete --nr %n /dev/ubdb"
RULES
}

prepare_stock() {
  echo '/dev/vda / ext4 defaults 0 0' >/etc/fstab
  systemctl --quiet enable systemd-networkd.service
}

if [ -d /usr/lib/uml ]; then prepare_for_user_mode_linux; else prepare_stock; fi

# Updates the library cache, the users and the journal catalogue now, so that the first boot need not do it.
journalctl --quiet --update-catalog
systemd-sysusers
ldconfig
# The systemd of bookworm does not have this program.
[ ! -x /usr/lib/systemd/systemd-update-done ] || /usr/lib/systemd/systemd-update-done
