"""The specification of the Swarm service of one user's server, for Docker's API."""

import hashlib

from docker.types import (
    ConfigReference,
    ContainerSpec,
    DriverConfig,
    EndpointSpec,
    Mount,
    Placement,
    Resources,
    RestartPolicy,
    TaskTemplate,
)

from ..homes import shared_folder
from ..labels import labels_of
from ..settings import NfsExport, Settings
from . import gpus
from .placement import constraints_for

# The owner of all homes, whatever user the image ends with. An image that starts as root cannot change to its user without
# capabilities, and any other user could not write to the home. As this user, docker-stacks' start.sh takes its path for ordinary users.
_USER = "1000:100"
_SECOND = 1_000_000_000
_MEGABYTE = 1 << 20
# No file can be larger than this or than the home, whichever is larger: otherwise one command fills the disk of a machine in 14 ms
# (`fallocate -l 100G /tmp/x`).
_LARGEST_FILE = 10 << 30
# hard: a write waits until the storage is back, so no write is lost. nosuid, nodev: the content of a home is not trusted.
_NFS_OPTIONS = "rw,nfsvers=4.2,hard,timeo=600,retrans=2,nosuid,nodev"


def build_service_spec(
    settings: Settings,
    slug: str,
    environment: dict[str, str],
    command: list[str],
    node: str | None = None,
    home_size: int = 0,
    *,
    may_write_shared: bool = False,
) -> dict:
    """Returns the keyword arguments for docker-py's create_service, for this node or for any node that Swarm chooses.

    `home_size` is the limit of the home in bytes; `may_write_shared` whether the user writes the class's shared folder.
    The command is an argument of the image's own entrypoint, which prepares the environment in docker-stacks, repo2docker and pangeo
    images. Only s6-overlay's /init is replaced: it needs root and process 1.
    """
    labels = labels_of(settings.name, slug)
    replaces_entrypoint = settings.servers.look(settings.image).replaces_entrypoint
    container = ContainerSpec(
        image=settings.image,
        **{"command" if replaces_entrypoint else "args": command},
        user=_USER,
        env=environment,
        labels=labels,
        mounts=[*_storage_mounts(settings, slug, may_write_shared), _shared_memory(settings)],
        init=True,
        # A server runs as an ordinary user and needs no capabilities; without NET_RAW it cannot forge packets.
        cap_drop=["ALL"],
        stop_grace_period=10 * _SECOND,
        stop_signal="SIGTERM",  # whatever the image says (see _END_OF_SERVER of environment.py)
        # Docker's default image checks itself every 3 s with a Python of its own, and Swarm ends a server that does not answer in
        # 1 s: four that started together on one core were all killed after 39 to 50 s (docker-stacks#1817). The hub checks itself.
        healthcheck={"Test": ["NONE"]},
        # Engine 25 and later; an earlier one ignores it (see ignored_keys).
        privileges={"NoNewPrivileges": True},
    )
    # A core file would be as large as its process, in the folder of the kernel. docker-py has no argument for Ulimits and Pids.
    largest_file = max(_LARGEST_FILE, home_size)
    container["Ulimits"] = [
        {"Name": "core", "Soft": 0, "Hard": 0},
        {"Name": "fsize", "Soft": largest_file, "Hard": largest_file},
    ]
    if files := settings.servers.files:
        container["Configs"] = [ConfigReference(file.id, file.name, file.path, mode=0o444) for file in files]
    resources = Resources(
        mem_limit=settings.memory,
        # Swarm only looks at reservations: without one it would place every server on a node that is already full.
        mem_reservation=memory_reservation(settings),
        # No CPU reservation: a notebook is idle most of the time, and seats are counted in memory.
        cpu_limit=int(settings.cpu * _SECOND) if settings.cpu else None,
        generic_resources=gpus.reservation(settings.servers.gpus),
    )
    resources["Limits"]["Pids"] = settings.processes or processes_for(settings.memory)
    # With Swarm's default (any), Swarm would restart the container after File > Shut Down in JupyterLab.
    restart = RestartPolicy(condition="on-failure", delay=2 * _SECOND, max_attempts=3, window=300 * _SECOND)
    return {
        "name": f"{settings.user_service_prefix}{slug}",
        "labels": labels,
        "task_template": TaskTemplate(
            container_spec=container,
            resources=resources,
            restart_policy=restart,
            placement=Placement(constraints=constraints_for(settings, node)),
            networks=[settings.network],
            log_driver=DriverConfig("json-file", {"max-size": "5m", "max-file": "2"}),
        ),
        # A virtual IP address needs a second address for each server and the kernel module ip_vs, and drops idle websockets
        # after 900 s.
        "endpoint_spec": EndpointSpec(mode="dnsrr"),
    }


def ignored_keys(sent: dict, kept: dict, path: str = "") -> list[str]:
    """Returns the keys of a specification that Docker has not kept: an Engine drops, without an error, those that it does not know.

    Only whether a key is there: Docker writes some values in another form, for example the id of a network for its name.
    """
    ignored = []
    for key, value in sent.items():
        if value and not kept.get(key):
            ignored.append(f"{path}{key}")
        elif isinstance(value, dict):
            ignored += ignored_keys(value, kept[key], f"{path}{key}.")
    return ignored


def processes_for(memory: int) -> int:
    """Returns the maximum number of processes of a server with this memory (bytes): one for each 2 MB, from 128 to 1024.

    A fork bomb must reach this limit before the memory limit, which would end the whole server: a process that had imported ipykernel
    and its 197 children took 229 MB together (2026-11-30).
    """
    return max(128, min(1024, memory // (2 * _MEGABYTE)))


def memory_reservation(settings: Settings) -> int:
    """Returns the memory that Swarm reserves for a server, in bytes."""
    return min(settings.guarantee or settings.memory, settings.memory)


def _shared_memory(settings: Settings) -> Mount:
    """Returns the mount of /dev/shm: half of the memory, as on a machine; Docker's 64 MB are too few for PyTorch's data loaders.

    It counts as the server's memory. Only as a mount, because a service has no key for its size.
    """
    size = max(settings.memory // 2, 64 * _MEGABYTE)
    return Mount(target="/dev/shm", source=None, type="tmpfs", tmpfs_size=size, tmpfs_mode=0o1777)  # noqa: S108


def _storage_mounts(settings: Settings, slug: str, may_write_shared: bool) -> list[Mount]:
    if not settings.storage:
        return []
    mounts = [home_mount(settings, settings.storage, slug)]
    if settings.servers.shared:
        # One volume for all, and the container's mount forbids to write. A volume with the NFS option `ro` could make all homes of the
        # same disk read-only: some kernels of 2025 share one superblock for both ("nfs: ignore SB_RDONLY when mounting").
        mounts.append(home_mount(settings, settings.storage, shared_folder.HOME, shared_folder.PLACE, read_only=not may_write_shared))
    return mounts


def home_mount(settings: Settings, storage: NfsExport, slug: str, target: str | None = None, *, read_only: bool = False) -> Mount:
    """Returns the home as a volume of Docker's local driver; it gives no access to other homes. The target is the image's own home."""
    options = {
        "type": "nfs4",
        "o": f"addr={storage.address},{_NFS_OPTIONS}",
        "device": f":{storage.path}/homes/{slug}",
    }
    # A node that already has a volume with this name mounts it and silently ignores new options (docker/cli#1279).
    fingerprint = hashlib.sha256(repr(sorted(options.items())).encode()).hexdigest()[:8]
    return Mount(
        target=target or settings.servers.look(settings.image).home,
        read_only=read_only,
        source=f"{settings.home_volume_prefix}{slug}-{fingerprint}",
        type="volume",
        no_copy=True,  # otherwise Docker first copies the image's folder into the home and changes its owner
        labels=labels_of(settings.name, slug),
        driver_config=DriverConfig("local", options),
    )
