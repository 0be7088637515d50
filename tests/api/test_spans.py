"""A collector gets a span of each request, and nothing in it tells of a person. Without an endpoint nothing is sent."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app.settings import SettingsError
from app.spans import KEPT, require_installed
from tests.conftest import Desk, Template

PERSON = "zqcanary"


class Collector:
    """A collector on loopback that keeps what it gets."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, bytes]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.requests.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the name of the base class
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> list[Any]:
        """Every span it got."""
        found = []
        for path, content in self.requests:
            assert path == "/v1/traces"
            for of_resource in ExportTraceServiceRequest.FromString(_unpacked(content)).resource_spans:
                found += [span for scope in of_resource.scope_spans for span in scope.spans]
        return found


def _unpacked(content: bytes) -> bytes:
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector."""
    collector = Collector()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


@contextmanager
def running(folder: Path, migrated: Template, **settings: object) -> Iterator[TestClient]:
    """A service that begins and ends as a process does."""
    desk = Desk(folder, migrated, **settings)
    with desk.http:
        yield desk.http
    desk.database.close()


def test_a_collector_gets_a_span_of_each_request_without_personal_data(
    collector: Collector, tmp_path: Path, migrated: Template
) -> None:
    with running(tmp_path, migrated, otel_endpoint=collector.endpoint) as http:
        said = {"tracestate": f"a={PERSON}", "traceparent": f"00-{'1' * 32}-{'2' * 16}-00", "Host": PERSON}
        person = {"email": f"{PERSON}@example.com", "first_name": PERSON, "organisation": "Acme"}
        assert http.post("/invitations", json=person).status_code == 201
        assert http.get("/users", params={"q": PERSON}, headers=said).status_code == 200
        assert http.get(f"/users/{PERSON}@example.com").status_code == 422
        assert http.get(f"http://testserver/{PERSON}").status_code == 404
        assert http.get("http://testserver/healthz").status_code == 200
    spans = collector.spans()
    of_requests = [span for span in spans if span.kind == span.SPAN_KIND_SERVER]
    assert [span.name for span in of_requests] == [
        "POST /api/v1/invitations",
        "GET /api/v1/users",
        "GET /api/v1/users/{user_id}",
        "GET",
    ]
    assert {attribute.key for span in spans for attribute in span.attributes} <= KEPT
    statuses = [
        attribute.value.int_value
        for span in of_requests
        for attribute in span.attributes
        if attribute.key == "http.response.status_code"
    ]
    assert statuses == [201, 200, 422, 404]
    for _, content in collector.requests:
        assert PERSON.encode() not in _unpacked(content)


def test_without_an_endpoint_nothing_is_sent_whatever_the_environment_says(
    collector: Collector, tmp_path: Path, migrated: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
    with running(tmp_path, migrated) as http:
        assert http.get("/users").status_code == 200
    assert collector.requests == []


def test_a_collector_that_is_gone_keeps_nobody_waiting(
    tmp_path: Path, migrated: Template, collector: Collector
) -> None:
    collector.server.shutdown()
    collector.server.server_close()
    with running(tmp_path, migrated, otel_endpoint=collector.endpoint) as http:
        assert http.get("/users").status_code == 200
    assert collector.requests == []


def test_an_endpoint_needs_the_extra_that_sends(
    tmp_path: Path, migrated: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, migrated)
    require_installed(desk.settings)
    settings = desk.settings.model_copy(update={"otel_endpoint": "http://127.0.0.1:4318"})
    require_installed(settings)
    monkeypatch.setattr("app.spans.find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match=r"^ROLLCALL_OTEL_ENDPOINT: needs the extra `opentelemetry`"):
        require_installed(settings)
    require_installed(desk.settings)
    desk.close()
