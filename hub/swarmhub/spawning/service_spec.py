"""The Swarm service of one user's server, as Docker's API wants it told."""

import hashlib

from docker.types import ContainerSpec, DriverConfig, EndpointSpec, Mount, Placement, Resources, RestartPolicy, TaskTemplate

from ..settings import NfsExport, Settings
from .placement import constraints_for

HOME = "/home/jovyan"
_SECOND = 1_000_000_000
# hard: a write waits for the storage to come back and is never lost half-way. nosuid, nodev: a home is not trusted.
_NFS_OPTIONS = "rw,nfsvers=4.2,hard,timeo=600,retrans=2,nosuid,nodev"


def build_service_spec(settings: Settings, slug: str, environment: dict[str, str], command: list[str], node: str | None = None) -> dict:
    """Answers the keyword arguments of docker-py's create_service; it starts on this machine, or where Swarm likes."""
    labels = {"swarmhub.class": settings.name, "swarmhub.user": slug}
    container = ContainerSpec(
        image=settings.image,
        args=command,
        env=environment,
        labels=labels,
        mounts=[home_mount(settings.name, settings.storage, slug)] if settings.storage else [],
        init=True,
        # A server runs as an ordinary user and needs no capability; without NET_RAW it cannot forge packets either.
        cap_drop=["ALL"],
        stop_grace_period=10 * _SECOND,
    )
    resources = Resources(
        mem_limit=settings.memory,
        # Swarm places by reservations alone: without one it would put every server on a machine that is full already.
        mem_reservation=memory_reservation(settings),
        # No reservation of cpu: a notebook sits idle most of the time, and seats are counted in memory.
        cpu_limit=int(settings.cpu * _SECOND) if settings.cpu else None,
    )
    # With Swarm's default (any), File > Shut Down in JupyterLab would start the container again.
    restart = RestartPolicy(condition="on-failure", delay=2 * _SECOND, max_attempts=3, window=300 * _SECOND)
    return {
        "name": f"nb-{slug}",
        "labels": labels,
        "task_template": TaskTemplate(
            container_spec=container,
            resources=resources,
            restart_policy=restart,
            placement=Placement(constraints=constraints_for(settings, node)),
            networks=[settings.network],
            log_driver=DriverConfig("json-file", {"max-size": "5m", "max-file": "2"}),
        ),
        # A virtual address would cost a second address a server, needs ip_vs, and drops idle websockets after 900 s.
        "endpoint_spec": EndpointSpec(mode="dnsrr"),
    }


def memory_reservation(settings: Settings) -> int:
    """The bytes of memory that are kept free for a server."""
    return min(settings.guarantee or settings.memory, settings.memory)


def home_mount(class_name: str, storage: NfsExport, slug: str) -> Mount:
    """Answers the home as a volume of Docker's local driver; nothing of the homes beside it can be reached through it."""
    options = {
        "type": "nfs4",
        "o": f"addr={storage.address},{_NFS_OPTIONS}",
        "device": f":{storage.path}/homes/{slug}",
    }
    # A node that has a volume of this name mounts that one and ignores new options in silence (docker/cli#1279).
    fingerprint = hashlib.sha256(repr(sorted(options.items())).encode()).hexdigest()[:8]
    return Mount(
        target=HOME,
        source=f"swarmhub-home-{slug}-{fingerprint}",
        type="volume",
        no_copy=True,  # else Docker first copies the image's /home/jovyan into the home, and chowns it
        labels={"swarmhub.class": class_name, "swarmhub.user": slug},
        driver_config=DriverConfig("local", options),
    )
