import pytest

from ...support.stand_in import StandIn


@pytest.fixture(scope="package")
def provider(tmp_path_factory):
    found = StandIn(tmp_path_factory.mktemp("provider"))
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _healthy(provider):
    provider.fault, provider.id_token = "", {}
