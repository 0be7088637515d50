"""Runs a step in a process of its own, so that no step is slowed by what another left in memory."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def isolated(step: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What a step gives in a process of its own: no step is slowed by what another left in memory."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(step, *arguments, **named).result()
