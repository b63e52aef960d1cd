"""The specification of the Swarm service of one user's server, for Docker's API."""

import hashlib
import math

from docker.types import ContainerSpec, DriverConfig, EndpointSpec, Mount, Placement, Resources, RestartPolicy, TaskTemplate

from ..labels import labels_of
from ..settings import NfsExport, Settings
from .placement import constraints_for

HOME = "/home/jovyan"
_SECOND = 1_000_000_000
# Threads count too, and a numpy kernel starts one for each core; this many are enough for people and stop a fork bomb.
_PROCESSES = 1024
# The CPU limit is a quota of time: `nproc` and these libraries still see all cores of the machine, and would start as many
# threads (scikit-learn-mooc#586: 2 s became 40 s). Go, Java and loky read the quota themselves.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "JULIA_NUM_THREADS",
    "MC_CORES",
    "LOKY_MAX_CPU_COUNT",
    "PYTHON_CPU_COUNT",
)
# hard: a write waits until the storage is back, so no write is lost. nosuid, nodev: the content of a home is not trusted.
_NFS_OPTIONS = "rw,nfsvers=4.2,hard,timeo=600,retrans=2,nosuid,nodev"


def build_service_spec(settings: Settings, slug: str, environment: dict[str, str], command: list[str], node: str | None = None) -> dict:
    """Returns the keyword arguments for docker-py's create_service, for this node or for any node that Swarm chooses."""
    labels = labels_of(settings.name, slug)
    container = ContainerSpec(
        image=settings.image,
        args=command,
        env=thread_variables(settings) | environment,
        labels=labels,
        mounts=[home_mount(settings, settings.storage, slug)] if settings.storage else [],
        init=True,
        # A server runs as an ordinary user and needs no capabilities; without NET_RAW it cannot forge packets.
        cap_drop=["ALL"],
        stop_grace_period=10 * _SECOND,
        # Docker's default image checks itself every 3 s with a Python of its own, and Swarm ends a server that does not answer in
        # 1 s: four that started together on one core were all killed after 39 to 50 s (docker-stacks#1817). The hub checks itself.
        healthcheck={"Test": ["NONE"]},
    )
    # A core file would be as large as its process, in the folder of the kernel. docker-py has no argument for these two.
    container["Ulimits"] = [{"Name": "core", "Soft": 0, "Hard": 0}]
    resources = Resources(
        mem_limit=settings.memory,
        # Swarm only looks at reservations: without one it would place every server on a node that is already full.
        mem_reservation=memory_reservation(settings),
        # No CPU reservation: a notebook is idle most of the time, and seats are counted in memory.
        cpu_limit=int(settings.cpu * _SECOND) if settings.cpu else None,
    )
    resources["Limits"]["Pids"] = _PROCESSES
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


def thread_variables(settings: Settings) -> dict[str, str]:
    """Returns the variables that limit the threads of numerical libraries to the CPU limit, rounded up; none without a limit."""
    return dict.fromkeys(_THREAD_VARIABLES, str(math.ceil(settings.cpu))) if settings.cpu else {}


def memory_reservation(settings: Settings) -> int:
    """Returns the memory that Swarm reserves for a server, in bytes."""
    return min(settings.guarantee or settings.memory, settings.memory)


def home_mount(settings: Settings, storage: NfsExport, slug: str) -> Mount:
    """Returns the home as a volume of Docker's local driver; it gives no access to other homes."""
    options = {
        "type": "nfs4",
        "o": f"addr={storage.address},{_NFS_OPTIONS}",
        "device": f":{storage.path}/homes/{slug}",
    }
    # A node that already has a volume with this name mounts it and silently ignores new options (docker/cli#1279).
    fingerprint = hashlib.sha256(repr(sorted(options.items())).encode()).hexdigest()[:8]
    return Mount(
        target=HOME,
        source=f"{settings.home_volume_prefix}{slug}-{fingerprint}",
        type="volume",
        no_copy=True,  # otherwise Docker first copies the image's /home/jovyan into the home and changes its owner
        labels=labels_of(settings.name, slug),
        driver_config=DriverConfig("local", options),
    )
