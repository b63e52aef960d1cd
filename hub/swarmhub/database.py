"""The hub's database, for a class that comes all at once."""

from sqlalchemy import Engine, event


def write_ahead() -> None:
    """Has SQLite append each change to a log beside the database, without waiting for the disk.

    The hub writes some twenty times a start, and answers nobody meanwhile: SQLite's default waits for the disk two or three
    times a write. A power cut may cost the last changes, never the database (https://sqlite.org/wal.html, "Performance
    Considerations"); then who just came logs in again.
    """

    @event.listens_for(Engine, "connect")
    def connect(connection, _record) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()
