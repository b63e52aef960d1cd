# shellcheck shell=bash
# banner: sshd shows a banner before each login, and the .bashrc of the user debian prints a line

prepare_banner() {
  as_root "$1" <<'SCRIPT'
printf '****\nOnly for members of the university. Docker, swarmhub and {"json": true} are words in this banner.\n****\n' >/etc/issue.net
echo 'Banner /etc/issue.net' >/etc/ssh/sshd_config.d/lab.conf
# Debian's own .bashrc returns at once in a shell without a terminal, so the line is before that.
sed -i '1i echo "Welcome to this machine"' /home/debian/.bashrc
systemctl reload ssh
SCRIPT
}
