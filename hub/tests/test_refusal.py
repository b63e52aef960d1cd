import pytest
from jupyterhub.handlers.base import reasons

from swarmhub import refusal
from swarmhub.refusal import Refusal, explain, refuse

# Texts in a task's Status.Err, from Docker 20.10 to 28.
ERRORS = [
    ("no suitable node (insufficient resources on 3 nodes)", refusal.NO_SEAT),
    ("no suitable node (scheduling constraints not satisfied on 1 node; insufficient resources on 2 nodes)", refusal.NO_SEAT),
    ("no suitable node (scheduling constraints not satisfied on 3 nodes)", refusal.NO_MACHINE),
    ("no suitable node (1 node not available for new tasks)", refusal.NO_MACHINE),
    ("range of CPUs is from 0.01 to 1.00, as there are only 1 CPUs available", refusal.TOO_MANY_CORES),
    ("No such image: quay.io/x/y@sha256:1", refusal.IMAGE_MISSING),
    ("pull access denied for x, repository does not exist or may require 'docker login'", refusal.IMAGE_MISSING),
    ("manifest for quay.io/x/y:1 not found: manifest unknown", refusal.IMAGE_MISSING),
    (
        "failed to mount local volume: mount :/srv/swarmhub/homes/a:/var/lib/docker/volumes/h/_data: connection refused",
        refusal.MOUNT_FAILED,
    ),
    ("error while mounting volume '/var/lib/docker/volumes/h/_data': no such file or directory", refusal.MOUNT_FAILED),
    (
        'starting container failed: OCI runtime create failed: exec: "jupyterhub-singleuser": executable file not found in $PATH: unknown',
        refusal.NO_COMMAND,
    ),
    ("could not find an available IP while allocating VIP", refusal.NO_ADDRESS),
    ('network sandbox join failed: subnet sandbox join failed for "10.0.0.0/24": file exists', refusal.NETWORK_FAILED),
    ("task: non-zero exit (127)", refusal.NO_COMMAND),
    ("task: non-zero exit (137)", refusal.OUT_OF_MEMORY),
    ("task: non-zero exit (1)", refusal.TASK_FAILED),
    ("no suitable node (unsupported platform on 3 nodes)", refusal.WRONG_ARCHITECTURE),
    ("starting container failed: exec /bin/sh: exec format error", refusal.WRONG_ARCHITECTURE),
    ("", refusal.TASK_FAILED),
]


@pytest.mark.parametrize(("error", "expected"), ERRORS)
def test_an_error_of_swarm_becomes_a_refusal(error, expected):
    assert explain(error) is expected


def test_the_user_reads_the_sentence_and_the_log_contains_the_detail():
    raised = refuse(refusal.MOUNT_FAILED, "geo-101-nb-alice: 100% broken")
    assert raised.message == "Your home folder cannot be mounted. Please tell your instructor."
    assert raised.get_message().endswith("(geo-101-nb-alice: 100% broken)")
    assert "100% broken" in str(raised)


def test_no_reason_is_one_for_which_jupyterhub_has_its_own_message():
    all_refusals = [value for value in vars(refusal).values() if isinstance(value, Refusal)]
    assert len(all_refusals) > 15
    assert not {each.reason for each in all_refusals} & set(reasons)
    assert len({each.reason for each in all_refusals}) == len(all_refusals)
