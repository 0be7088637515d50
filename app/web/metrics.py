"""What the API process counts about its requests. Labels are routes and statuses, never a path, person or platform."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY: Final = CollectorRegistry()
REQUESTS: Final = Counter(
    "rollcall_requests_total", "Requests answered.", ["method", "route", "status"], registry=REGISTRY
)
SECONDS: Final = Histogram(
    "rollcall_request_seconds",
    "How long requests took.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
    registry=REGISTRY,
)
SIGN_IN_FAILURES: Final = Counter("rollcall_sign_in_failures_total", "Sign-ins refused.", registry=REGISTRY)
DONE_AGAIN: Final = Counter(
    "rollcall_requests_done_again_total", "Requests that met another one in the database.", registry=REGISTRY
)


def observe(method: str, route: str | None, status: int, seconds: float) -> None:
    """One request."""
    named = route or "none"
    REQUESTS.labels(method, named, str(status)).inc()
    SECONDS.labels(method, named).observe(seconds)
