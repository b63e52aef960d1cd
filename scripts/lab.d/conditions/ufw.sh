# shellcheck shell=bash
# ufw: the firewall ufw is on and lets in only ssh

packages_of_ufw=ufw
not_with_ufw=netfilter-persistent # The packages conflict.

prepare_ufw() {
  as_root "$1" <<'SCRIPT'
ufw allow OpenSSH
ufw --force enable
ufw status | grep -q 'Status: active'
SCRIPT
}
