# shellcheck shell=bash
print_help() {
  cat <<HELP
scripts/lab runs real virtual machines on one Linux machine, for the tests and the demo of swarmhub.

Each guest is a blank Debian machine under user-mode Linux. It has its own kernel, systemd, sshd and address, an empty
second disk /dev/ubdb, and access to the package registries of Debian, PyPI and npm. The lab needs root, but no KVM.

  scripts/lab [--name NAME] COMMAND

  up N [--memory MB] [--disk GB]   boots the guests 1 to N, blank (3072 MB, 20 GB); existing guests keep their disks
       [--release bookworm]        uses another release of Debian than trixie
       [--packages NAME,NAME]      new guests have these Debian packages from the start, also in later calls of up
                                   without --packages; --packages '' makes new guests blank again
       [--with CONDITION,…]        new guests of this call are less blank, as the conditions below say
       [--stock]                   new guests have Debian's own kernel under QEMU: nftables, AppArmor, virtio disks, an
                                   initramfs; four to six times slower; the second disk is /dev/vdb
       [--class]                   new guests can be saved by save-class: they have full disks, and in every lab the
                                   addresses 10.77.0.11, …; this machine reaches them at those that status prints
  ssh K [COMMAND…]                 logs in on guest K as user debian, who may use sudo
  exec COMMAND…                    runs a command on this machine, in the network of the lab
  kill K / boot K                  kills guest K without a shutdown, as a power loss would / boots it on the same disks
  shut-down K                      shuts guest K down in order, as the first half of a reboot; boot K is the second
  attach K                         a stock guest has a blank disk in front of its second one from the next boot on, so that
                                   the second one is /dev/vdc; it stays /dev/disk/by-id/virtio-homes
  renew K                          boots guest K with new disks
  cut K / mend K                   disconnects the network link of guest K / connects it again
  delay MS                         adds MS milliseconds to each round trip between this machine (the operator) and a
                                   guest; connections between guests stay fast; 0 removes the delay
  save TAG / restore TAG           saves a snapshot of the disks of all guests / goes back to it; down keeps snapshots
  save-class KEY                   moves all guests of this lab to a warm class, from which any lab can boot; the 3 classes
                                   that were used last are kept
  restore-class KEY [--memory MB]  replaces the guests of this lab by those of a warm class; hardly anything is copied, so
                                   this takes as long as a boot; exit status 3: there is no such class
  images                           builds the notebook image and pushes it to the registry of the lab, unless it is
                                   up to date
  images FOLDER TARGET=NAME:TAG…   also builds these targets of FOLDER/templates/Dockerfile that the registry lacks
  status                           prints the state of the guests, their links and the registry
  env                              prints the addresses and paths of the lab as shell assignments: LAB_SSH_CONFIG,
                                   LAB_KNOWN_HOSTS, LAB_REGISTRY, …
  down [--saved | --cache]         removes the guests, disks and network of this lab; --saved also removes its
                                   snapshots; --cache also removes everything that is kept for later labs

  --name NAME                      uses the lab of this name (default: lab); labs run side by side

Examples
  scripts/lab up 3 && scripts/lab ssh 1 uname -a
  eval "\$(scripts/lab env)" && ssh -F "\$LAB_SSH_CONFIG" node2
  scripts/lab save installed; scripts/lab restore installed
  scripts/lab --name ci up 1 --memory 1024 && scripts/lab --name ci down
  scripts/lab up 2 --with ufw,separate-var && scripts/lab up 3 --stock

Conditions
$(describe_conditions)

All labs share a cache: \${SWARMHUB_LAB:-\${XDG_CACHE_HOME:-~/.cache}/swarmhub-lab}
HELP
}
