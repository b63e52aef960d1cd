# shellcheck shell=bash
# second-card: a second network card, with a public address (198.51.100.10+K) and the default route, as in a cloud

public_prefix=198.51.100
not_with_second_card=proxy # That one closes the way of the first card only.

second_card_mac() { printf '02:77:00:00:01:%02x' "$1"; }

# RFC 5737 keeps these addresses for documentation, so no machine that a guest must reach has one.
restore_second_card() {
  in_namespace ip link show public >/dev/null 2>&1 && return
  ip -netns "$namespace" -batch - <<BATCH
link add public type bridge
address add $public_prefix.1/24 dev public
link set public up
BATCH
  # Answers to this machine leave a guest by the public card with the address of the first one.
  in_namespace sh -c 'for card in all public bridge; do echo 0 >/proc/sys/net/ipv4/conf/$card/rp_filter; done'
  in_namespace iptables -w 10 -t nat -A POSTROUTING -s "$public_prefix.0/24" -o outside -j MASQUERADE
}

devices_of_second_card() {
  restore_second_card
  in_namespace ip link delete "public$1" 2>/dev/null || true
  in_namespace ip tuntap add "public$1" mode tap
  in_namespace ip link set "public$1" mtu "$(mtu_of_guest "$1")" master public up
  echo "card public$1 $(second_card_mac "$1")"
}

prepare_second_card() {
  as_root "$1" <<SCRIPT
cat >/usr/local/sbin/lab-second-card <<'PROGRAM'
#!/bin/sh
# Written by swarmhub's scripts/lab.
card=\$(grep -lxi $(second_card_mac "$1") /sys/class/net/*/address | cut -d/ -f5)
ip address replace $public_prefix.$((10 + $1))/24 dev "\$card"
ip link set "\$card" mtu $(mtu_of_guest "$1") up
ip route replace default via $public_prefix.1
PROGRAM
chmod 755 /usr/local/sbin/lab-second-card
cat >/etc/systemd/system/lab-second-card.service <<'UNIT'
# Written by swarmhub's scripts/lab.
[Unit]
Description=Address of the second network card
After=systemd-udev-settle.service systemd-networkd.service
Before=network-online.target ssh.service
Wants=systemd-udev-settle.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/lab-second-card

[Install]
WantedBy=multi-user.target
UNIT
systemctl -q enable --now lab-second-card
SCRIPT
}
