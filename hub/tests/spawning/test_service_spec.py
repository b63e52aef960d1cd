import json
from dataclasses import replace

from swarmhub.server_settings import File, Look, ServerSettings
from swarmhub.settings import NfsExport
from swarmhub.spawning.service_spec import build_service_spec, home_mount, ignored_keys, processes_for

from ..support.examples import SETTINGS


def describe(**changes):
    return build_service_spec(replace(SETTINGS, **changes), "alice", {"A": "1"}, ["jupyterhub-singleuser", "--x"])


def home(address, path="/srv/swarmhub"):
    return home_mount(SETTINGS, NfsExport(address, path), "alice")


def shared_memory(size):
    options = {"Mode": 0o1777, "SizeBytes": size}
    return {"Target": "/dev/shm", "Source": None, "Type": "tmpfs", "ReadOnly": False, "TmpfsOptions": options}  # noqa: S108


def mounts(**changes):
    return describe(storage=None, **changes)["task_template"]["ContainerSpec"]["Mounts"]


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
                "Env": ["A=1"],
                "Labels": {"swarmhub.class": "geo-101", "swarmhub.user": "alice"},
                "User": "1000:100",
                "Init": True,
                "CapabilityDrop": ["ALL"],
                "StopGracePeriod": 10_000_000_000,
                "StopSignal": "SIGTERM",
                "Healthcheck": {"Test": ["NONE"]},
                "Privileges": {"NoNewPrivileges": True},
                "Ulimits": [
                    {"Name": "core", "Soft": 0, "Hard": 0},
                    {"Name": "fsize", "Soft": 10 << 30, "Hard": 10 << 30},
                ],
                "Mounts": [home("10.77.0.11"), shared_memory(512 << 20)],
            },
            "Resources": {
                "Limits": {"MemoryBytes": 1 << 30, "NanoCPUs": 1_500_000_000, "Pids": 512},
                "Reservations": {"MemoryBytes": 700 << 20},
            },
            "RestartPolicy": {"Condition": "on-failure", "Delay": 2_000_000_000, "MaxAttempts": 3, "Window": 300_000_000_000},
            "Placement": {"Constraints": ["node.labels.swarmhub.users==true"]},
            "Networks": [{"Target": "geo-101-network"}],
            "LogDriver": {"Name": "json-file", "Options": {"max-size": "5m", "max-file": "2"}},
        },
    }


def test_a_class_without_a_cpu_limit_sets_none():
    assert "NanoCPUs" not in describe(cpu=None)["task_template"]["Resources"]["Limits"]


def test_a_home_is_mounted_where_the_images_user_has_it_and_files_are_configs():
    look = Look(SETTINGS.image, "/home/rstudio", replaces_entrypoint=True)
    servers = ServerSettings(looks=(look,), files=(File("id1", "geo-101-file-1", "/etc/ipython/x.py"),))
    container = describe(servers=servers)["task_template"]["ContainerSpec"]
    assert container["Mounts"][0]["Target"] == "/home/rstudio"
    assert container["Command"] == ["jupyterhub-singleuser", "--x"]
    assert container["Args"] is None
    config = {"ConfigID": "id1", "ConfigName": "geo-101-file-1"}
    assert container["Configs"] == [config | {"File": {"Name": "/etc/ipython/x.py", "UID": "0", "GID": "0", "Mode": 0o444}}]


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
    assert describe(storage=None)["task_template"]["ContainerSpec"]["Mounts"] == [shared_memory(512 << 20)]


def test_shared_memory_is_half_of_the_memory_but_never_less_than_dockers_own_default():
    assert mounts(memory=8 << 30) == [shared_memory(4 << 30)]
    assert mounts(memory=100 << 20) == [shared_memory(64 << 20)]


def test_the_limit_of_processes_leaves_memory_for_the_server_or_is_the_one_of_the_class():
    assert [processes_for(megabytes << 20) for megabytes in (64, 400, 1024, 8192)] == [128, 200, 512, 1024]
    assert describe(memory=1 << 30)["task_template"]["Resources"]["Limits"]["Pids"] == 512
    assert describe(processes=300)["task_template"]["Resources"]["Limits"]["Pids"] == 300


def test_no_file_is_limited_to_less_than_its_home():
    service = build_service_spec(SETTINGS, "alice", {}, [], home_size=50 << 30)
    assert service["task_template"]["ContainerSpec"]["Ulimits"][1] == {"Name": "fsize", "Soft": 50 << 30, "Hard": 50 << 30}


def test_keys_that_docker_has_not_kept_are_named():
    sent = describe()["task_template"]
    kept = json.loads(json.dumps(sent))
    kept["Networks"] = [{"Target": "an-id"}]
    assert ignored_keys(sent, kept) == []
    del kept["ContainerSpec"]["Privileges"], kept["Resources"]["Limits"]["Pids"]
    assert ignored_keys(sent, kept) == ["ContainerSpec.Privileges", "Resources.Limits.Pids"]
    kept["ContainerSpec"]["Privileges"] = {"SELinuxContext": None}
    assert "ContainerSpec.Privileges.NoNewPrivileges" in ignored_keys(sent, kept)


def test_a_service_and_a_volume_carry_the_prefixes_of_their_class_and_the_name_of_the_home():
    service = build_service_spec(replace(SETTINGS, user_service_prefix="a-nb-", home_volume_prefix="a-home-"), "x" * 28, {}, [])
    assert service["name"] == f"a-nb-{'x' * 28}"
    assert service["task_template"]["ContainerSpec"]["Mounts"][0]["Source"].startswith(f"a-home-{'x' * 28}-")
