import copy

from jupyterhub.httpclient import JupyterHubHTTPClient
from sqlalchemy import create_engine, text

from swarmhub.upstream_fixes import FreshResolver, use_write_ahead_log


def test_sqlite_appends_to_a_log_without_waiting_for_the_disk(tmp_path):
    use_write_ahead_log()
    with create_engine(f"sqlite:///{tmp_path}/hub.sqlite").connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 1


async def test_the_hub_resolves_each_name_again_and_caches_no_response():
    options = copy.deepcopy({"resolver": FreshResolver(), "use_dns_cache": False})
    connector = JupyterHubHTTPClient(connector_options=options)._new_connector()
    try:
        assert isinstance(connector._resolver, FreshResolver)
        assert [found["host"] for found in await connector._resolve_host("localhost", 80)] != []
        assert not connector.use_dns_cache
    finally:
        await connector.close()
