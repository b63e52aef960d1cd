import pytest

from ..support.fake_docker import FakeDocker


@pytest.fixture
def swarm():
    fake = FakeDocker()
    yield fake
    fake.close()
    assert fake.unexpected == []
