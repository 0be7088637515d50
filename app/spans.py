"""Spans of requests for an OpenTelemetry collector, made by FastAPI itself; off unless an endpoint is set.

Says what stands in a span: the route, method, status and place in the code. Never a path, a query, a body or a header:
those hold people's data.
"""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from fastapi.telemetry import TelemetryConfig

from app import __version__
from app.settings import Settings, SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

KEPT: Final = frozenset(
    {
        "code.function.name",
        "error.type",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "network.protocol.version",
        "url.scheme",
    }
)
"""All that may stand in a span."""
_OFF: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
_PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Spans:
    """How FastAPI is told, and what is closed at the end."""

    config: TelemetryConfig = field(default_factory=lambda: _OFF)
    provider: "TracerProvider | None" = None

    def close(self) -> None:
        """Send what waits, and end."""
        if self.provider is not None:
            self.provider.shutdown()


def require_installed(settings: Settings) -> None:
    """Raises SettingsError where an endpoint is set and what sends spans is not installed."""
    if settings.otel_endpoint and find_spec("opentelemetry.exporter") is None:
        raise SettingsError(
            "ROLLCALL_OTEL_ENDPOINT: needs the extra `opentelemetry` (pip install rollcall[opentelemetry])"
        )


def spans_to(settings: Settings) -> Spans:
    """Spans to the endpoint of the settings; without one, whatever the environment says, none."""
    if not settings.otel_endpoint:
        return Spans()
    require_installed(settings)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(endpoint=f"{settings.otel_endpoint.rstrip('/')}/v1/traces", timeout=_SECONDS)
    provider = TracerProvider(
        sampler=_impersonal_sampler(),
        resource=Resource.create({"service.name": "rollcall", "service.version": __version__}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    # Metrics are at /metrics; logs of exceptions would carry their words.
    return Spans({**_OFF, "tracing": True, "tracer_provider": provider, "exclude": _is_probe}, provider)


def _is_probe(scope: MutableMapping[str, Any]) -> bool:
    return scope.get("path") in _PROBES


def _impersonal_sampler() -> Any:
    """Takes every span, and of what it begins with only what may stand in it."""
    from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult

    class Impersonal(Sampler):
        def should_sample(
            self,
            parent_context: Any,
            trace_id: int,
            name: str,
            kind: Any = None,
            attributes: Any = None,
            links: Sequence[Any] | None = None,
            trace_state: Any = None,
        ) -> SamplingResult:
            del (
                parent_context,
                trace_id,
                name,
                kind,
                links,
                trace_state,
            )
            # What a client says in `tracestate` is not kept either.
            kept = {key: value for key, value in (attributes or {}).items() if key in KEPT}
            return SamplingResult(Decision.RECORD_AND_SAMPLE, kept)

        def get_description(self) -> str:
            return "all spans, without personal data"

    return Impersonal()
