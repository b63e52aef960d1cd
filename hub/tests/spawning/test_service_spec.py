from dataclasses import replace

from swarmhub.settings import NfsExport
from swarmhub.spawning.service_spec import _THREAD_VARIABLES as THREAD_VARIABLES
from swarmhub.spawning.service_spec import build_service_spec, home_mount

from ..support.examples import SETTINGS


def describe(**changes):
    return build_service_spec(replace(SETTINGS, **changes), "alice", {"A": "1"}, ["jupyterhub-singleuser", "--x"])


def home(address, path="/srv/swarmhub"):
    return home_mount(SETTINGS, NfsExport(address, path), "alice")


def test_the_specification_of_a_users_service_is_complete():
    assert describe() == {
        "name": "geo-101-nb-alice",
        "labels": {"swarmhub.class": "geo-101", "swarmhub.user": "alice"},
        "endpoint_spec": {"Mode": "dnsrr"},
        "task_template": {
            "ContainerSpec": {
                "Image": "quay.io/jupyter/scipy-notebook@sha256:1234",
                "Command": None,
                "Args": ["jupyterhub-singleuser", "--x"],
                "Env": [*(f"{name}=2" for name in THREAD_VARIABLES), "A=1"],
                "Labels": {"swarmhub.class": "geo-101", "swarmhub.user": "alice"},
                "Init": True,
                "CapabilityDrop": ["ALL"],
                "StopGracePeriod": 10_000_000_000,
                "Healthcheck": {"Test": ["NONE"]},
                "Ulimits": [{"Name": "core", "Soft": 0, "Hard": 0}],
                "Mounts": [home("10.77.0.11")],
            },
            "Resources": {"Limits": {"MemoryBytes": 1 << 30, "NanoCPUs": 1_500_000_000, "Pids": 1024}, "Reservations": {"MemoryBytes": 700 << 20}},
            "RestartPolicy": {"Condition": "on-failure", "Delay": 2_000_000_000, "MaxAttempts": 3, "Window": 300_000_000_000},
            "Placement": {"Constraints": ["node.labels.swarmhub.users==true"]},
            "Networks": [{"Target": "geo-101-network"}],
            "LogDriver": {"Name": "json-file", "Options": {"max-size": "5m", "max-file": "2"}},
        },
    }


def test_a_class_without_a_cpu_limit_sets_neither_a_limit_nor_a_number_of_threads():
    task = describe(cpu=None)["task_template"]
    assert "NanoCPUs" not in task["Resources"]["Limits"]
    assert task["ContainerSpec"]["Env"] == ["A=1"]


def test_a_fraction_of_a_core_gives_one_thread():
    assert "OMP_NUM_THREADS=1" in describe(cpu=0.25)["task_template"]["ContainerSpec"]["Env"]


def test_a_home_mounts_only_the_users_folder_over_nfs():
    mount = home("10.77.0.11")
    assert mount["Target"] == "/home/jovyan"
    assert mount["VolumeOptions"]["NoCopy"] is True
    assert mount["VolumeOptions"]["DriverConfig"] == {
        "Name": "local",
        "Options": {
            "type": "nfs4",
            "o": "addr=10.77.0.11,rw,nfsvers=4.2,hard,timeo=600,retrans=2,nosuid,nodev",
            "device": ":/srv/swarmhub/homes/alice",
        },
    }


def test_volumes_with_different_options_have_different_names():
    names = {
        home("10.77.0.11")["Source"],
        home("10.77.0.12")["Source"],
        home("10.77.0.11", "/srv/other")["Source"],
    }
    assert len(names) == 3
    assert home("10.77.0.11")["Source"] == home("10.77.0.11")["Source"]


def test_a_class_without_persistent_homes_mounts_nothing():
    assert describe(storage=None)["task_template"]["ContainerSpec"]["Mounts"] == []


def test_a_service_and_a_volume_carry_the_prefixes_of_their_class_and_the_name_of_the_home():
    service = build_service_spec(replace(SETTINGS, user_service_prefix="a-nb-", home_volume_prefix="a-home-"), "x" * 28, {}, [])
    assert service["name"] == f"a-nb-{'x' * 28}"
    assert service["task_template"]["ContainerSpec"]["Mounts"][0]["Source"].startswith(f"a-home-{'x' * 28}-")
