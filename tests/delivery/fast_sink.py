"""An SMTP server in a process of its own, fast enough to hurt: it writes every mail into a log before it says 250.

`python -m tests.delivery.fast_sink LOG` prints its port and ends with its standard input. Refuses nobody,
unless told to put off every so-manieth: `... LOG 100`.
"""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import IO, Self

_MESSAGE_ID = re.compile(rb"^Message-ID:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)


class FastSink:
    """The server, started for a block; what it accepted can be read at any moment."""

    def __init__(self, log: Path, put_off_every: int = 0) -> None:
        self._log = log
        self._put_off_every = put_off_every
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.delivery.fast_sink", str(self._log), str(self._put_off_every)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = f"smtp://127.0.0.1:{int(_pipe(self._process.stdout).readline())}"
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._process is not None:
            _pipe(self._process.stdin).close()
            self._process.wait(10)
            _pipe(self._process.stdout).close()

    def accepted(self) -> list[tuple[str, str]]:
        """Recipient and Message-ID of every mail it has said 250 to, or was about to, in order."""
        lines = self._log.read_text(encoding="ascii").splitlines()
        return [(recipient, message_id) for recipient, message_id in map(str.split, lines)]

    def put_off(self) -> int:
        """How many mails it has put off."""
        refused = self._log.with_suffix(".put-off")
        return len(refused.read_bytes()) if refused.exists() else 0


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


class _Connection(asyncio.Protocol):
    """One client. Commands may come in one packet."""

    asked = 0

    def __init__(self, log: int, put_off: int, every: int) -> None:
        self._log = log
        self._put_off = put_off
        self._every = every
        self._waiting = b""
        self._is_content = False
        self._recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._say("220 sink")

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while True:
            end = b"\r\n.\r\n" if self._is_content else b"\r\n"
            found, separator, rest = self._waiting.partition(end)
            if not separator:
                return
            self._waiting = rest
            if self._is_content:
                self._keep(found)
            else:
                self._answer(found.decode("ascii"))

    def _answer(self, line: str) -> None:
        verb = line[:4].upper()
        if verb == "DATA":
            self._is_content = True
            self._say("354 go on")
        elif verb == "QUIT":
            self._say("221 bye")
            self._transport.close()
        else:
            if verb == "RCPT":
                self._recipient = line.partition("<")[2].partition(">")[0]
                _Connection.asked += 1
                if self._every and _Connection.asked % self._every == 0:
                    os.write(self._put_off, b"x")
                    self._say("451 4.7.1 come back later")
                    return
            self._say("250 OK")

    def _keep(self, content: bytes) -> None:
        found = _MESSAGE_ID.search(content)
        message_id = found[1].decode("ascii") if found else "none"
        os.write(self._log, f"{self._recipient} {message_id}\n".encode("ascii"))
        self._is_content = False
        self._say("250 OK")

    def _say(self, reply: str) -> None:
        self._transport.write(f"{reply}\r\n".encode("ascii"))


async def _serve(log: Path, every: int) -> None:
    handle, put_off = (
        os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) for name in (log, log.with_suffix(".put-off"))
    )
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(handle, put_off, every), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)  # its end is ours: nobody is left who wants mails
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
