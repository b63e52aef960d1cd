# shellcheck shell=bash
# docker-subnet: a campus has the networks that Docker takes by default; 172.17.0.5 and 172.18.0.5 are machines there

restore_docker_subnet() {
  in_namespace ip address replace 172.17.0.5/32 dev lo
  in_namespace ip address replace 172.18.0.5/32 dev lo
}

prepare_docker_subnet() {
  restore_docker_subnet
  as_root "$1" <<SCRIPT
cat >/etc/systemd/system/lab-campus.service <<'UNIT'
# Written by swarmhub's scripts/lab.
[Unit]
Description=Routes to the networks of the campus
After=systemd-networkd.service
Before=network-online.target docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=ip route replace 172.17.0.0/16 via $gateway
ExecStart=ip route replace 172.18.0.0/16 via $gateway

[Install]
WantedBy=multi-user.target
UNIT
systemctl -q enable --now lab-campus
SCRIPT
}
