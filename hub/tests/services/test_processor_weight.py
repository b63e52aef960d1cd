"""Which containers have processor time before others."""

import pytest
from docker.errors import APIError, NotFound

from swarmhub.services import processor_weight, repeat
from swarmhub.services.processor_weight import SHARES, ProcessorWeight

NAME = "com.docker.swarm.service.name"


class Engine:
    """The methods of docker-py's client that are used, with containers by id and the shares that each was given."""

    def __init__(self, **containers):
        self.services, self.shares, self.gone = containers, {}, set()

    def containers(self, filters):
        assert filters == {"label": NAME}
        return [{"Id": key, "Labels": {NAME: service}} for key, service in self.services.items()]

    def update_container(self, container, cpu_shares):
        if container in self.gone:
            raise NotFound("no such container")
        assert container not in self.shares, "once is enough"
        self.shares[container] = cpu_shares


def test_the_parts_of_the_class_are_raised_once_and_no_server_of_a_user():
    engine = Engine(a="geo-101-hub", b="geo-101-proxy", c="geo-101-edge", d="geo-101-nb-hub", e="other-hub", f="geo-101-hub-x")
    weight = ProcessorWeight(engine, ["geo-101-hub", "geo-101-proxy", "geo-101-edge"])
    assert weight.apply() == ["geo-101-hub", "geo-101-proxy", "geo-101-edge"]
    assert weight.apply() == []
    assert engine.shares == dict.fromkeys("abc", SHARES)


def test_a_container_that_replaces_another_is_raised_too():
    engine = Engine(a="geo-101-hub")
    weight = ProcessorWeight(engine, ["geo-101-hub"])
    weight.apply()
    engine.services = {"b": "geo-101-hub"}
    assert weight.apply() == ["geo-101-hub"]
    assert engine.shares == {"a": SHARES, "b": SHARES}


def test_a_container_that_ends_at_this_moment_is_no_error():
    engine = Engine(a="geo-101-hub", b="geo-101-edge")
    engine.gone = {"a"}
    assert ProcessorWeight(engine, ["geo-101-hub", "geo-101-edge"]).apply() == ["geo-101-edge"]
    assert engine.shares == {"b": SHARES}


def test_an_error_of_docker_is_logged_once_and_the_next_look_tries_again(monkeypatch, caplog):
    class Ended(BaseException):
        """Ends the endless loop."""

    engine, looks = Engine(a="geo-101-hub"), []

    def update(container, cpu_shares):
        looks.append(container)
        if len(looks) < 4:
            raise APIError("the cgroup does not exist")
        engine.shares[container] = cpu_shares

    def sleep(_seconds):
        if engine.shares:
            raise Ended

    engine.update_container = update
    monkeypatch.setattr(repeat.time, "sleep", sleep)
    with pytest.raises(Ended):
        processor_weight.run_forever(engine, "geo-101-nb-")
    assert len(looks) == 4
    assert [record.levelname for record in caplog.records].count("WARNING") == 1
