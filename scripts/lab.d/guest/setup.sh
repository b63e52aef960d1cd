#!/bin/sh
# Runs once in the guest's root file system (chroot): makes a Debian into a blank cloud VM that boots under user-mode Linux.
set -eu

version=$(ls /usr/lib/uml/modules)
mkdir -p /usr/lib/modules
mv "/usr/lib/uml/modules/$version" "/usr/lib/modules/$version"
depmod -a "$version"

# The guest's kernel has no NAT for nftables.
update-alternatives --quiet --set iptables /usr/sbin/iptables-legacy
update-alternatives --quiet --set ip6tables /usr/sbin/ip6tables-legacy

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
# Node forks with io_uring, in which this kernel panicked once (a bad page); nothing else here uses it.
echo 'kernel.io_uring_disabled = 2' >/etc/sysctl.d/lab.conf
echo '/dev/ubda / ext4 defaults 0 0' >/etc/fstab

# Made at the first boot, so that no two guests are the same machine.
rm -f /etc/ssh/ssh_host_* /var/lib/dbus/machine-id
: >/etc/machine-id

systemctl --quiet enable lab-identity.service ssh.service
# No terminals to log in on, no apt that takes the lock behind a test's back, nothing that a boot waits for and no class needs.
systemctl --quiet mask getty@tty1.service console-getty.service systemd-logind.service \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  modprobe@drm.service modprobe@efi_pstore.service
# User-mode Linux has 512 terminals, and udev would look at each for seconds.
install -D -m 644 /dev/stdin /etc/systemd/system/systemd-udev-trigger.service.d/lab.conf <<'UNIT'
# Written by swarmhub's scripts/lab.
[Service]
ExecStart=
ExecStart=-udevadm trigger --type=all --action=add --prioritized-subsystem=module,block,net --subsystem-nomatch=tty
UNIT
# Acorn's PowerTec table has one byte for a checksum and no name, so user-mode Linux takes one disk in 256 with XFS for it; of its
# "partitions" one begins with the disk, and is found by the file system's UUID in the disk's place. No table that blkid knows lies there.
cat >/etc/udev/rules.d/99-lab.rules <<'RULES'
# Written by swarmhub's scripts/lab.
ACTION!="remove", SUBSYSTEM=="block", KERNEL=="ubdb[0-9]*", ENV{ID_PART_ENTRY_SCHEME}=="", RUN+="/usr/bin/partx --delete --nr %n /dev/ubdb"
RULES
# Library cache, users, journal catalogue: as fresh as the image, not to be made again at the first boot.
journalctl --quiet --update-catalog
systemd-sysusers
ldconfig
# Bookworm's systemd has no such program.
[ ! -x /usr/lib/systemd/systemd-update-done ] || /usr/lib/systemd/systemd-update-done
