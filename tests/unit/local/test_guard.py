"""Pages of the Web are told from processes of this machine."""

from __future__ import annotations

import pytest

from lcli.local.guard import from_the_web, refusal
from lcli.local.wire import Request


def asked(**headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request("GET", "/", {"host": "127.0.0.1:4000", **named})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "localhost:4000"},
        {"host": "photos.localhost:4000"},
        {"host": "127.0.0.1"},
        {"origin": "http://127.0.0.1:5000"},
        {"origin": "http://localhost:3000", "sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin"},
    ],
)
def test_this_machine_may_call(headers):
    assert refusal(asked(**headers)) is None


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"host": ""}, "the Host header '' is not a loopback address"),
        ({"host": "evil.test:4000"}, "the Host header 'evil.test:4000' is not a loopback address"),
        (
            {"host": "localhost.evil.test"},
            "the Host header 'localhost.evil.test' is not a loopback",
        ),
        ({"host": "127.0.0.1.evil.test"}, "the Host header '127.0.0.1.evil.test' is not a loop"),
        ({"host": "evil.test/localhost"}, "the Host header 'evil.test/localhost' is not a loop"),
        ({"origin": "https://evil.test"}, "pages of 'https://evil.test' may not call"),
        ({"origin": "null"}, "pages of 'null' may not call"),
        ({"origin": "http://localhost.evil.test"}, "pages of 'http://localhost.evil.test' may not"),
        ({"sec_fetch_site": "cross-site"}, "another site's page may not call"),
    ],
)
def test_the_web_may_not_call(headers, why):
    refused = refusal(asked(**headers))
    assert refused is not None
    assert refused.status == 403
    assert f"lcli's local cloud refuses this request: {why}" in refused.body.decode()


def test_an_api_may_let_other_pages_in():
    request = asked(origin="https://shop.test", sec_fetch_site="cross-site")
    assert refusal(request, lambda origin: origin == "https://shop.test") is None


VISIT = {
    "sec_fetch_site": "cross-site",
    "sec_fetch_mode": "navigate",
    "sec_fetch_dest": "document",
    "sec_fetch_user": "?1",
}


@pytest.mark.parametrize(
    ("changed", "allowed"),
    [
        pytest.param({}, True, id="a link that somebody followed"),
        pytest.param({"sec_fetch_dest": "iframe"}, False, id="a frame"),
        pytest.param({"sec_fetch_dest": "image", "sec_fetch_mode": "no-cors"}, False, id="image"),
        pytest.param({"sec_fetch_user": ""}, False, id="a script that leads there"),
        pytest.param({"sec_fetch_mode": "cors"}, False, id="fetch"),
        pytest.param({"host": "rebound.test:4000"}, False, id="another name of this machine"),
    ],
)
def test_a_person_may_visit_a_function_from_another_site(changed, allowed):
    assert (refusal(asked(**VISIT | changed), visits=True) is None) is allowed
    assert refusal(asked(**VISIT | changed)) is not None


def test_a_form_of_another_site_is_refused():
    request = asked(**VISIT)
    posted = Request("POST", "/", request.headers)
    assert refusal(posted, visits=True) is not None


@pytest.mark.parametrize(
    ("headers", "web"),
    [
        ({}, False),
        ({"host": "127.0.0.1:9001"}, False),
        ({"host": "localhost:9001"}, False),
        ({"host": "rebound.test:9001"}, True),
        ({"host": "127.0.0.1:9001", "origin": "http://127.0.0.1:9001"}, True),
        ({"host": "127.0.0.1:9001", "sec-fetch-site": "none"}, True),
    ],
)
def test_the_runtime_api_is_not_for_browsers(headers, web):
    assert from_the_web(headers) is web
