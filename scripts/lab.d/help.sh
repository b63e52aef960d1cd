# shellcheck shell=bash
print_help() {
  cat <<'HELP'
scripts/lab: real virtual machines on one Linux machine, for swarmhub's tests and its demo.

Each guest is a blank Debian under user-mode Linux: its own kernel, systemd, sshd, address, an empty second disk
/dev/ubdb, and a way to Debian's, PyPI's and npm's registries. No KVM is needed. Run as root.

  scripts/lab [--name NAME] COMMAND

  up N [--memory MB] [--disk GB]   guests 1 to N, blank (3072 MB, 20 GB); what runs already stays as it is
       [--release bookworm]        another release of Debian than trixie
       [--with PACKAGE,PACKAGE]    Debian packages that the new guests have from the start
  ssh K [COMMAND…]                 on guest K as user debian, who may sudo
  exec COMMAND…                    on this machine, in the lab's network
  kill K / boot K                  pull the plug of guest K / start it again on the same disks
  cut K / mend K                   pull the network cable of guest K / put it back
  delay MS                         MS milliseconds of round trip between the operator (this machine) and each running
                                   guest; between guests all stays fast; 0 takes it away
  save TAG / restore TAG           set the disks of all guests aside / go back to them (survives down)
  images                           build the notebook image and put it into the lab's registry, if anything changed
  images FOLDER TARGET=NAME:TAG…   and these targets of FOLDER/templates/Dockerfile, those that the registry lacks
  status                           what there is
  env                              the same for programs: LAB_SSH_CONFIG, LAB_KNOWN_HOSTS, LAB_REGISTRY, … as shell assignments
  down [--saved | --cache]         remove this lab: guests, disks, network. --saved: also what was saved from it;
                                   --cache: also all that is kept for the next time

  --name NAME                      a lab of its own (default: lab), side by side with others

Examples
  scripts/lab up 3 && scripts/lab ssh 1 uname -a
  eval "$(scripts/lab env)" && ssh -F "$LAB_SSH_CONFIG" node2
  scripts/lab save installed; scripts/lab restore installed
  scripts/lab --name ci up 1 --memory 1024 && scripts/lab --name ci down

What is built once is kept in ${SWARMHUB_LAB:-${XDG_CACHE_HOME:-~/.cache}/swarmhub-lab}, and shared by all labs.
HELP
}
