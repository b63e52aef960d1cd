#!/bin/sh
# Limits a new folder in the usual way: an entry in /etc/projects and in /etc/projid, and two calls of xfs_quota. The tutorials
# choose the id without a lock, and then two folders can get the same id; this script takes a lock.
folder=$1 limit=$2
mount=$(findmnt -n -o TARGET --target "$folder")
exec 9>/var/lock/set-quota
flock 9
: >>/etc/projects
id=$(($(wc -l </etc/projects) + 500001))
echo "$id:$folder" >>/etc/projects
echo "project$id:$id" >>/etc/projid
flock -u 9
xfs_quota -x -c "project -s project$id" "$mount" >/dev/null
xfs_quota -x -c "limit -p bhard=$limit project$id" "$mount"
