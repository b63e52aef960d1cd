"""A class to test with."""

from swarmhub.settings import NfsExport, Settings

HUB = {
    "name": "geo-101",
    "network": "swarmhub",
    "image": "quay.io/jupyter/scipy-notebook@sha256:1234",
    "memory": 1 << 30,
    "guarantee": 700 << 20,
    "cpu": 1.5,
    "storage": {"address": "10.77.0.11", "path": "/srv/swarmhub"},
    "admins": ["ada"],
    "placement": ["node.labels.swarmhub.users==true"],
    "seats": 34,
}

SETTINGS = Settings(
    name="geo-101",
    network="swarmhub",
    image="quay.io/jupyter/scipy-notebook@sha256:1234",
    memory=1 << 30,
    guarantee=700 << 20,
    cpu=1.5,
    storage=NfsExport("10.77.0.11", "/srv/swarmhub"),
    admins=frozenset({"ada"}),
    placement=("node.labels.swarmhub.users==true",),
    seats=34,
    idle_timeout_seconds=None,
)
