import copy

from jupyterhub.httpclient import JupyterHubHTTPClient

from swarmhub.resolver import FreshResolver


async def test_the_hub_asks_for_an_address_anew_and_keeps_none():
    options = copy.deepcopy({"resolver": FreshResolver(), "use_dns_cache": False})
    connector = JupyterHubHTTPClient(connector_options=options)._new_connector()
    try:
        assert isinstance(connector._resolver, FreshResolver)
        assert [found["host"] for found in await connector._resolve_host("localhost", 80)] != []
        assert not connector.use_dns_cache
    finally:
        await connector.close()
