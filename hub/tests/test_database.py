from sqlalchemy import create_engine, text

from swarmhub.database import write_ahead


def test_the_hub_waits_for_no_disk(tmp_path):
    write_ahead()
    with create_engine(f"sqlite:///{tmp_path}/hub.sqlite").connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 1
