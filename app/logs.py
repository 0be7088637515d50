"""Structured logs: one JSON object a line (a readable line on a terminal). Never a name, address, token or link."""

import logging
import sys

import structlog


def configure(level: str) -> None:
    """Send all logs of the process to standard error."""
    to_people = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if to_people else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        # A line and its end in one piece: several threads and processes write to one place, perhaps unbuffered.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # The server's own access log names paths with their query: ours does not, and replaces it.
    logging.basicConfig(level=max(logging.WARNING, logging.getLevelNamesMapping()[level]), stream=sys.stderr)
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("uvicorn.error").addFilter(_place_instead_of_words)


def place_of(error: BaseException) -> str:
    """File and line where an error was raised. Its text may hold a person's data and is never logged."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"


def _place_instead_of_words(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        record.msg, record.args = "%s at %s", (type(error).__name__, place_of(error))
        record.exc_info = record.exc_text = None
    return True
