#!/bin/sh
# A poller: every 30 seconds it calls set-quota.sh for each folder that has no limit yet.
folder=$1 limit=$2 here=$(dirname "$0")
while :; do
  sleep 30
  for path in "$folder"/*/; do
    grep -q ":${path%/}\$" /etc/projects || "$here/set-quota.sh" "${path%/}" "$limit"
  done
done
