"""Turns for work that hashes a password: it takes a core and 19 MiB. Whoever waits for a turn holds no thread.

Decides how many at once; knows no password itself.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import BoundedSemaphore
from typing import Final, TypeVar

from app.errors import AppError, Code

Result = TypeVar("Result")

AT_ONCE: Final = os.cpu_count() or 2
"""More than there are cores would only make everybody wait, and all other requests with them."""
WAITING: Final = 400
_PLACES: Final = BoundedSemaphore(WAITING)
_TURNS: Final = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hashing")


async def in_turn(function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function when it is its turn. Raises service_busy where the queue is too long to be worth joining."""
    if not _PLACES.acquire(blocking=False):
        raise AppError(Code.SERVICE_BUSY)
    try:
        return await asyncio.get_running_loop().run_in_executor(_TURNS, partial(function, *arguments))
    finally:
        _PLACES.release()
