"""What the children of `rollcall serve` run: `python -m app.child PIPE api SOCKET` or `PIPE worker`.

Ends when the parent dies, and drains when told to end. Decides nothing else.
"""

import os
import signal
import sys
import threading

from app import logs
from app.settings import Settings
from app.worker import DRAIN_SECONDS, run_worker, stop_on_signals


def main(arguments: list[str]) -> None:
    """Run as one of the children."""
    pipe, role, *handles = arguments
    settings = Settings.load()
    logs.configure(settings.log_level)
    _end_with_parent(int(pipe))
    if role == "api":
        _serve(settings, int(handles[0]))
    else:
        stop = threading.Event()
        stop_on_signals(stop)
        run_worker(settings, stop, waits=True)


def _serve(settings: Settings, listening: int) -> None:
    import uvicorn  # the worker needs neither this nor the routes, and starts in half the time without

    from app.main import create_app

    config = uvicorn.Config(
        create_app(settings),
        fd=listening,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=int(DRAIN_SECONDS),
        server_header=False,
    )
    uvicorn.Server(config).run()


def _end_with_parent(pipe: int) -> None:
    """The parent holds the other end of a pipe and never writes: its end of file is the parent's."""

    def _wait() -> None:
        os.read(pipe, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(DRAIN_SECONDS + 5)
        os._exit(1)

    threading.Thread(target=_wait, name="parent", daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1:])
