#!/usr/bin/env bash
# Sets up the class of scripts/bench with a plain shell script, as a comparison for `swarmhub up`. It is what a skilled
# administrator would write for exactly these three machines: the steps of the tutorials, as few as possible and as parallel as
# possible. It does not check the present state and cannot run twice.
#   by-hand.sh SSH_CONFIG SUBNET REGISTRY IMAGE PASSWORD ASSETS     With SUBNET 10.77.0 the machines are 10.77.0.11, .12 and .13.
set -euo pipefail
config=$1 subnet=$2 registry=$3 image=$4 password=$5 assets=$6
manager=$subnet.11

# on_node K: runs the script on stdin as root on node K
on_node() { ssh -F "$config" "node$1" sudo bash -se; }

# wait_for_all PID…: waits for all processes; fails if one of them failed
wait_for_all() { local pid; for pid; do wait "$pid"; done; }

packages() { # K PACKAGE…
  local node=$1
  shift
  on_node "$node" <<END
mkdir -p /etc/docker
echo '{"registry-mirrors": ["http://$registry"]}' >/etc/docker/daemon.json
apt-get -qq -o Acquire::Languages=none update
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends docker.io docker-cli $* >/dev/null
iptables-restore --noflush <<'rules'
*filter
:INPUT - [0:0]
:DOCKER-USER - [0:0]
$(for port in tcp:2049 tcp:2377 tcp:7946 udp:7946 udp:4789; do
    echo "-A INPUT -i docker_gwbridge -p ${port%:*} --dport ${port#*:} -j DROP"
    echo "-A INPUT ! -i lo ! -s $subnet.0/24 -p ${port%:*} --dport ${port#*:} -j DROP"
    echo "-I DOCKER-USER -i docker_gwbridge -p ${port%:*} --dport ${port#*:} -j DROP"
  done)
-I DOCKER-USER -i docker_gwbridge -d 169.254.169.254/32 -j DROP
COMMIT
rules
END
}

worker() { # K TOKEN
  on_node "$1" <<END
docker swarm join --token $2 --advertise-addr $subnet.$((10 + $1)) $manager:2377
docker pull -q $image
END
}

storage() {
  on_node 1 <<END
mkfs.xfs -q -L swarmhub /dev/ubdb
mkdir -p /srv/swarmhub /etc/exports.d /etc/nfs.conf.d
echo 'LABEL=swarmhub /srv/swarmhub xfs defaults,prjquota,nofail 0 0' >>/etc/fstab
mount /srv/swarmhub
install -d -o 1000 -g 100 /srv/swarmhub/{homes,owners,pending}
install -d /srv/swarmhub/limits
install -d -m 700 /srv/swarmhub/trash
echo '{"bytes": 209715200, "files": 200000, "homes": {}, "trashDays": 30}' >/srv/swarmhub/limits.json
printf '[nfsd]\nvers3=n\nlease-time=10\ngrace-time=10\n' >/etc/nfs.conf.d/swarmhub.conf
for host in 11 12 13; do
  echo "/srv/swarmhub $subnet.\$host(rw,sync,no_subtree_check,all_squash,anonuid=1000,anongid=100,mp)"
done >/etc/exports.d/swarmhub.exports
systemctl restart nfs-server
END
}

images() {
  tar -C "$assets" -c . | ssh -F "$config" node1 'sudo mkdir -p /opt/swarmhub && sudo tar -C /opt/swarmhub -x'
  on_node 1 <<'END'
cd /opt/swarmhub
# The classic builder builds all stages above the target. The other images come from its cache.
for name in hub proxy quota edge; do docker build -q -t swarmhub/$name:bench --target $name -f templates/Dockerfile . >/dev/null 2>&1; done
END
}

services() {
  on_node 1 <<END
umask 077
mkdir -p /etc/swarmhub /var/lib/swarmhub/{hub,certificates,secrets}
cd /var/lib/swarmhub/secrets
openssl rand -hex 32 >proxy-token
openssl rand -hex 32 >edge-token
openssl rand -hex 32 >admin-password
printf %s '$password' >shared-password
chmod 444 *
umask 022
cat >/etc/swarmhub/hub.json <<'json'
{"name": "bench", "network": "swarmhub", "userServicePrefix": "nb-", "homeVolumePrefix": "swarmhub-home-", "image": "$image", "memory": 419430400, "cpu": 1, "storage": {"address": "$manager", "path": "/srv/swarmhub"},
 "admins": ["ada"], "placement": ["node.labels.swarmhub.users==true"], "seats": 6}
json
echo '{"domain": null, "address": "$manager", "tls": {"kind": "self-signed"}}' >/etc/swarmhub/edge.json
docker node update --label-add swarmhub.users=true node2 >/dev/null
docker node update --label-add swarmhub.users=true node3 >/dev/null
docker run -d --name swarmhub-quota --network none --restart always --cap-drop ALL --cap-add SYS_ADMIN --cap-add FOWNER --cap-add DAC_OVERRIDE \
  --read-only -v /srv/swarmhub:/srv/swarmhub --device /dev/ubdb:/dev/ubdb:m -e SWARMHUB_QUOTA_BYTES=209715200 swarmhub/quota:bench >/dev/null
service() {
  name=\$1; shift
  docker service create -q --detach --no-resolve-image --name \$name --network swarmhub --endpoint-mode dnsrr --constraint node.role==manager --init \
    "\$@" \$(docker image inspect -f '{{.Id}}' swarmhub/\$name:bench) >/dev/null
}
bind() { echo "--mount=type=bind,src=\$1,dst=\$2"; }
service proxy \$(for name in proxy-token edge-token; do bind \$PWD/\$name /run/secrets/\$name; done)
service hub \$(bind /etc/swarmhub/hub.json /etc/swarmhub/hub.json) \$(bind /var/lib/swarmhub/hub /data) \$(bind /var/run/docker.sock /var/run/docker.sock) \
  \$(for name in *; do bind \$PWD/\$name /run/secrets/\$name; done) \
  --mount='type=volume,src=swarmhub-storage,dst=/storage,volume-nocopy=true,volume-driver=local,volume-opt=type=nfs4,volume-opt=device=:/srv/swarmhub,"volume-opt=o=addr=$manager,rw,nfsvers=4.2,hard,actimeo=0,lookupcache=none"'
service edge \$(bind /etc/swarmhub/edge.json /etc/swarmhub/edge/settings.json) \$(bind /var/lib/swarmhub/certificates /certificates) \
  \$(bind \$PWD/edge-token /run/secrets/edge-token) \
  --publish mode=host,target=80,published=80 --publish mode=host,target=443,published=443
END
}

packages 1 nfs-kernel-server xfsprogs & first=$!
packages 2 & second=$!
packages 3 & third=$!
wait_for_all $first $second $third
token=$(on_node 1 <<END
docker swarm init --advertise-addr $manager --default-addr-pool 10.201.0.0/17 --default-addr-pool-mask-length 24 >/dev/null
docker network create -d overlay --subnet 10.201.128.0/23 --opt com.docker.network.driver.mtu=1400 swarmhub >/dev/null
docker swarm join-token -q worker
END
)
worker 2 "$token" & second=$!
worker 3 "$token" & third=$!
storage
images
wait_for_all $second $third
services
# Waits until the login page answers.
timeout 300 sh -c "until curl -sfk -o /dev/null https://$manager/hub/login; do sleep 0.5; done"
