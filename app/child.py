"""What the children of `rollcall serve` run: `python -m app.child PIPE api SOCKET` or `PIPE worker`.

Ends when the parent dies, and drains when told to end. Decides nothing else.
"""

import os
import signal
import socket
import sys
import threading

from app import logs
from app.settings import Settings
from app.worker import DRAIN_SECONDS, run_worker, stop_on_signals

KEEP_ALIVE_SECONDS = 75
"""Longer than a proxy in front keeps a connection: it must never send a request into one we are just closing."""


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
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=int(DRAIN_SECONDS),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        server_header=False,
        # Who asks is whoever connects to us, unless that is a proxy we were told of: limits count by this address.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )
    # As the TCP socket it is: only then the event loop sends each answer at once (TCP_NODELAY). Given its number alone,
    # uvicorn takes it for another kind, and answers wait 40 ms for the client's acknowledgement.
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listening)])


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
