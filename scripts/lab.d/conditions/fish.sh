# shellcheck shell=bash
# fish: the login shell of the user debian is fish, whose start file prints a line

packages_of_fish=fish

prepare_fish() {
  as_root "$1" <<'SCRIPT'
usermod --shell /usr/bin/fish debian
install -d -o debian -g debian /home/debian/.config /home/debian/.config/fish
echo 'echo "Welcome to this machine"' >/home/debian/.config/fish/config.fish
chown debian: /home/debian/.config/fish/config.fish
SCRIPT
}
