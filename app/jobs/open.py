"""Opens a database whose workers are woken by what is put in front of them. Does no work itself."""

from app.db.session import Database


def open_database(url: str, *, connections: int = 20) -> Database:
    """A database; on PostgreSQL the job engine wakes workers, an SQLite file's worker sees what others commit."""
    database = Database(url, connections=connections)
    if database.is_shared:
        from app.jobs.engine import ProcrastinateWaker  # nobody needs Procrastinate beside an SQLite file

        database.waker = ProcrastinateWaker()
    return database
