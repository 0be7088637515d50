"""openapi.json says what the service does: it is current, complete, and its examples are right."""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel

import app
from app.errors import Code
from app.main import describe
from app.web.problems import MEDIA_TYPE, status_of
from tests.conftest import Desk

ROOT = Path(app.__file__).parent.parent
DESCRIPTION = describe()
PROBLEM = {"$ref": "#/components/schemas/Problem"}
OPERATIONS: dict[str, Mapping[str, Any]] = {
    operation["operationId"]: operation for path in DESCRIPTION["paths"].values() for operation in path.values()
}
EACH_OPERATION = pytest.mark.parametrize("name", OPERATIONS)
EACH_BODY = pytest.mark.parametrize("name", [name for name, each in OPERATIONS.items() if "requestBody" in each])
NOT_OF_AN_OPERATION = {Code.METHOD_NOT_ALLOWED, Code.ENCODING_UNCERTAIN}
"""Codes no operation answers: a method a path does not take is no operation; a question is why a check ended."""


def test_openapi_json_is_current() -> None:
    written = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
    assert written == DESCRIPTION, "openapi.json is out of date: run `make openapi` and read the difference"


def test_the_running_service_describes_itself_the_same_way(desk: Desk) -> None:
    assert desk.stranger().get("http://testserver/openapi.json").json() == DESCRIPTION


def test_describing_touches_no_file_and_needs_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROLLCALL_SECRET_KEYS", "weak")
    assert describe() == DESCRIPTION
    assert list(tmp_path.iterdir()) == []


def test_an_operation_is_named_after_its_function(desk: Desk) -> None:
    named = [operation["operationId"] for path in DESCRIPTION["paths"].values() for operation in path.values()]
    assert len(named) == len(set(named)), "two operations have one name"
    functions = set()
    for context in iter_route_contexts(desk.app.routes):
        route = context.original_route
        if getattr(route, "include_in_schema", False):
            functions.add(getattr(route, "endpoint").__name__)  # noqa: B009 only some routes have one
    assert set(named) == functions


@EACH_OPERATION
def test_an_operation_says_what_it_does(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation.get("description", "").endswith((".", "!")), f"{name}: its function needs a docstring of sentences"
    assert operation["tags"]


@EACH_BODY
def test_a_body_has_an_example(name: str) -> None:
    contents = OPERATIONS[name]["requestBody"]["content"].values()
    assert any(list(_examples(content)) for content in contents), (
        f"{name}: give its body an example: `json_schema_extra={{'examples': [...]}}` of the model, or an `example` "
        "of the media type"
    )


@EACH_BODY
def test_the_example_of_a_body_is_right(name: str) -> None:
    for media_type, content in OPERATIONS[name]["requestBody"]["content"].items():
        if media_type == "application/json":
            model = _model(content["schema"]["$ref"].rsplit("/", 1)[1])
            for example in _examples(content):
                model.model_validate(example)


def _examples(content: Mapping[str, Any]) -> Iterator[Any]:
    schema = content["schema"]
    if "$ref" in schema:
        schema = DESCRIPTION["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    yield from (content["example"],) if "example" in content else ()
    yield from (example["value"] for example in content.get("examples", {}).values())
    yield from schema.get("examples", ())


def _model(name: str) -> type[BaseModel]:
    waiting = [BaseModel]
    while waiting:
        model = waiting.pop()
        if model.__name__ == name and model.__module__.startswith("app."):
            return model
        waiting += model.__subclasses__()
    raise LookupError(name)


def test_a_file_in_a_form_is_bytes() -> None:
    """FastAPI's own description of an upload makes generated clients send text."""
    forms = [
        (name, content["schema"])
        for name, operation in OPERATIONS.items()
        for media_type, content in operation.get("requestBody", {"content": {}})["content"].items()
        if media_type == "multipart/form-data"
    ]
    assert forms
    for name, schema in forms:
        field = schema["properties"]["file"]
        assert (field["type"], field["format"]) == ("string", "binary"), name
        assert "contentMediaType" not in field, name
        assert "file" in schema["required"], name


@EACH_OPERATION
def test_an_error_is_described_as_a_problem(name: str) -> None:
    for status, response in OPERATIONS[name]["responses"].items():
        if int(status) >= 400:
            assert response["content"][MEDIA_TYPE] == {"schema": PROBLEM}, f"{name} {status}"


def test_an_error_is_described_under_no_other_media_type() -> None:
    """FastAPI puts a documented model under `application/json` too, which an error never is."""
    others = {
        media_type
        for operation in OPERATIONS.values()
        for status, response in operation["responses"].items()
        for media_type in response.get("content", {})
        if int(status) >= 400
    }
    assert others == {MEDIA_TYPE}


@EACH_OPERATION
def test_an_error_is_announced_by_codes_of_its_status(name: str) -> None:
    for status, response in OPERATIONS[name]["responses"].items():
        if int(status) >= 400:
            codes = re.findall(r"`([a-z_]+)`", response["description"])
            assert codes, f"{name} {status} names no code: use `documented(Code.X)`"
            assert {status_of(Code(code)) for code in codes} == {int(status)}


def test_every_code_is_announced_by_an_operation() -> None:
    announced = {
        code
        for operation in OPERATIONS.values()
        for response in operation["responses"].values()
        for code in re.findall(r"`([a-z_]+)`", response["description"])
    }
    assert {str(code) for code in set(Code) - NOT_OF_AN_OPERATION} <= announced


@EACH_OPERATION
def test_an_operation_of_the_api_announces_what_any_of_them_may_answer(name: str) -> None:
    operation = OPERATIONS[name]
    if operation["tags"] == ["operations"]:
        return
    announced = set(operation["responses"])
    assert {"400", "413", "422", "500", "503"} <= announced
    assert {"401", "403"} <= announced or not operation.get("security")


def test_the_frameworks_own_error_is_nowhere() -> None:
    text = json.dumps(DESCRIPTION)
    assert "HTTPValidationError" not in text
    assert "ValidationError" not in DESCRIPTION["components"]["schemas"]
    for problem, member in (("Problem", "request_id"), ("ProblemField", "pointer")):
        assert member in DESCRIPTION["components"]["schemas"][problem]["properties"]


def test_every_reference_leads_somewhere() -> None:
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DESCRIPTION)):
        found: Any = DESCRIPTION
        for part in reference.split("/"):
            found = found[part]
        assert found, reference


def test_every_model_that_enters_refuses_unknown_fields() -> None:
    """Unknown body fields are 422: a misspelt field is told, not dropped."""
    entering = {
        content["schema"]["$ref"].rsplit("/", 1)[1]
        for operation in OPERATIONS.values()
        for media_type, content in operation.get("requestBody", {"content": {}})["content"].items()
        if media_type == "application/json"
    }
    schemas = DESCRIPTION["components"]["schemas"]
    waiting, seen = list(entering), set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        if "properties" in schemas[name]:
            assert schemas[name].get("additionalProperties") is False, f'{name} needs `extra="forbid"`'
        inner = re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(schemas[name]))
        waiting += [other for other in inner if other not in seen]
    assert inspect.isclass(_model(entering.pop()))
