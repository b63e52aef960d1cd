# shellcheck shell=bash
# netfilter-persistent: rules of the owner, which are loaded at boot and let in only ssh, ping and the machines of the lab

packages_of_netfilter_persistent=iptables-persistent
not_with_netfilter_persistent=ufw # The packages conflict.

prepare_netfilter_persistent() {
  as_root "$1" <<SCRIPT
cat >/etc/iptables/rules.v4 <<'RULES'
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "rule of the owner" -j ACCEPT
-A INPUT -s $guest_prefix.0/24 -j ACCEPT
COMMIT
RULES
printf '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n' >/etc/iptables/rules.v6
systemctl -q enable netfilter-persistent
systemctl restart netfilter-persistent
SCRIPT
}
