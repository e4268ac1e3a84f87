"""The document of the interface against the application that serves it, by generated requests.

Every operation is asked with what its document permits and with what it does not, by a member, a
security officer and nobody. The requests are the same in every run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from authority.state import API, STATIC, Founded, State
from baluardo.authority.acts.sessions import Browser, open_session
from baluardo.authority.service import AuthorityService
from baluardo.console.app import create_console
from baluardo.console.security import MAX_BODY_BYTES
from baluardo.protocol.enrolment import LARGEST_SEALED
from served import served

EXAMPLES = 4
"""Of each operation, for each who asks, of each kind."""
SECONDS_BETWEEN = 4.0
"""On the calendar: attempts are rationed, and these are no attack."""
WHO = {"nobody": "", "member": "gina.costa", "security officer": "anna.rossi"}
REFUSALS = {400, 401, 403, 404, 405, 409, 413, 415, 422, 429}
PUBLIC = (f"{API}/state", f"{API}/sign-", f"{API}/enrol/", f"{API}/public/", f"{API}/break-glass")
TAKES_ANYTHING = {
    f"GET {API}/public/{{path}}",
    f"POST {API}/enrol/sealed",
}
"""Operations whose document rules no path and no octets out."""
REFUSAL = {"$ref": "#/components/schemas/Refusal"}
RAW = {f"{API}/public/{each}" for each in ("bundle", "welcome", "time", "{path}")}
"""What is answered as it stands in a file, or signed."""
FRAME = ("/api/console", "/api/warnings/in-force", "/healthz", "/readyz", "/assets/")


class Served:
    """The application on a port, and requests to it by whoever is to ask."""

    def __init__(self, state: State, app: FastAPI, url: str) -> None:
        """Take what is served."""
        self.state, self.app, self.url = state, app, url
        self.schema = schemathesis.openapi.from_dict(app.openapi())
        self.operations = {
            each.label: each for each in (found.ok() for found in self.schema.get_all_operations())
        }
        self.session = requests.Session()

    def headers(self, person: str) -> dict[str, str]:
        """Return the headers of a page in which somebody has just signed in."""
        self.state.calendar.now += SECONDS_BETWEEN
        told = {"origin": self.url}
        if person:
            browser = Browser(self.url.removeprefix("http://"), "generated")
            made = self.state.store.act_blocking(
                lambda t: open_session(t, self.state.authority, person, browser, how="passkey")
            )
            told["cookie"] = f"__Host-baluardo={made.token.text()}"
        return told

    def send(self, case: Case, person: str) -> Response:
        """Send a generated request as somebody."""
        headers = self.headers(person)
        if case.media_type is None and case.method.upper() != "GET":
            headers["content-type"] = "application/json"
        return case.call(base_url=self.url, session=self.session, headers=headers)


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a state, with its writer, its channels and its lists."""
    directory = tmp_path_factory.mktemp("openapi")
    founded = Founded.found(directory / "founded", None)
    with founded.copied(directory / "state", channel_port=0) as state:
        state.authority.local = False  # who comes from this machine is nobody special
        part = AuthorityService(state.authority, STATIC).part()
        app = create_console((part,), ("127.0.0.1",), STATIC)
        with served(app) as url:
            yield Served(state, app, url)


def check(case: Case, response: Response, person: str) -> None:
    """Check one answer against the document, and against what every answer is."""
    told = f"{case.method} {case.formatted_path} {response.status_code} {response.text[:300]}"
    case.validate_response(response, checks=[not_a_server_error])
    assert response.headers["x-content-type-options"] == ["nosniff"], told
    if response.status_code < 300:
        case.validate_response(
            response,
            checks=[
                content_type_conformance,
                response_schema_conformance,
                response_headers_conformance,
            ],
        )
        if not person:
            assert case.formatted_path.startswith((*PUBLIC, *FRAME)), told
        return
    assert response.status_code in REFUSALS, told
    if case.method.upper() == "HEAD" or case.path.startswith("/assets"):
        return
    assert response.headers["content-type"] == ["application/json"], told
    if case.path.startswith(API):
        case.validate_response(
            response,
            checks=[
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
                response_headers_conformance,
            ],
        )
    body = json.loads(response.content)
    assert set(body) == {"detail"}, told
    assert isinstance(body["detail"], str), told
    assert body["detail"], told


def ask_generated(country: Served, operation: APIOperation, mode: GenerationMode) -> None:
    """Ask one operation as everybody."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        for person in WHO.values():
            check(case, country.send(case, person), person)

    ask()


def can_be_wrong(operation: APIOperation) -> bool:
    """Tell whether there is anything in a request that the document rules out."""
    given_any = bool(operation.body or operation.query or operation.path_parameters)
    return given_any and operation.label not in TAKES_ANYTHING


def test_every_operation_keeps_to_its_document(country: Served) -> None:
    assert len(country.operations) > 45
    for operation in country.operations.values():
        ask_generated(country, operation, GenerationMode.POSITIVE)
    assert country.state.store.is_writing


def test_what_the_document_does_not_permit_is_refused_with_a_sentence(country: Served) -> None:
    for operation in country.operations.values():
        if can_be_wrong(operation):
            ask_generated(country, operation, GenerationMode.NEGATIVE)
    assert country.state.store.is_writing


def test_bodies_over_their_limits_are_refused(country: Served) -> None:
    url = country.url
    large = b'{"token": "' + b"x" * MAX_BODY_BYTES + b'"}'
    for label, operation in country.operations.items():
        method, path = label.split(" ")
        if label in TAKES_ANYTHING or not operation.body:
            continue
        headers = country.headers("anna.rossi") | {"content-type": "application/json"}
        size = country.state.store.size
        where = f"{url}{path.replace('{name}', 'gina.costa').replace('{', '').replace('}', '')}"
        answer = requests.request(method, where, data=large, headers=headers, timeout=30)
        assert answer.status_code == 413, label

        def pieces() -> Iterator[bytes]:
            yield from (large[at : at + 65_536] for at in range(0, len(large), 65_536))

        answer = requests.request(method, where, data=pieces(), headers=headers, timeout=30)
        assert answer.status_code == 413, label
        assert country.state.store.size == size
    sealed = country.headers("") | {"content-type": "application/octet-stream"}
    answer = requests.post(
        f"{url}{API}/enrol/sealed", bytes(LARGEST_SEALED + 1), headers=sealed, timeout=30
    )
    assert answer.status_code == 413


def is_typed(schema: dict[str, Any] | None) -> bool:
    """Tell whether a schema is a named one, or a list of such."""
    named = (schema or {}).get("items", schema) or {}
    return set(named) == {"$ref"}


def test_the_document_itself_is_sound(country: Served) -> None:
    document: dict[str, Any] = requests.get(f"{country.url}/api/openapi.json", timeout=30).json()
    assert document == country.app.openapi()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            answers = operation["responses"]
            assert answers["200"]["description"], (method, path)
            if path.startswith(API):
                assert set(answers) == {"200", *map(str, REFUSALS - {405}), "503"}, (method, path)
                for status in set(answers) - {"200"}:
                    content = answers[status]["content"]
                    assert content == {"application/json": {"schema": REFUSAL}}, (method, path)
                told = answers["200"].get("content", {}).get("application/json", {}).get("schema")
                assert path in RAW or is_typed(told), (method, path, told)
    ids = [each["operationId"] for item in document["paths"].values() for each in item.values()]
    assert len(ids) == len(set(ids))
