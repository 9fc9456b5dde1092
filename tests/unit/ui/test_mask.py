"""Secrets are found in every form that a message may repeat them in."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from lcli.ui.mask import Mask

SECRETS = (
    "canary-7301-plain",
    'quo"ted\\and/slashed',
    "späce & <tag> + 100%",
    "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n+hkiG9w0BAQEFAAS=\n-----END KEY-----\n",
    '{"user": "me", "password": "s3cr3t-pass"}',
    "日本語-秘密-鍵",
)
FORMS = {
    "as it is": str,
    "json": json.dumps,
    "json with unicode": lambda text: json.dumps(text, ensure_ascii=False),
    "python": repr,
    "url": quote,
    "url whole": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "html": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for urls": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 within more": lambda text: base64.b64encode(f'{{"a":"{text}"}}'.encode()).decode(),
    "base64 within yet more": lambda text: base64.b64encode(f"xx{text}yy".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", SECRETS, ids=range(len(SECRETS)))
def test_a_secret_is_hidden(secret: str, form: str) -> None:
    said = f"before {FORMS[form](secret)} after"
    shown = Mask([secret]).text(said)
    assert "(secret)" in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    lines = [line for line in secret.splitlines() if len(line) >= 8]
    assert not [line for line in (secret, *lines) if FORMS[form](line) in shown]
    assert Mask([secret], show=True).text(said) == said


def test_a_line_of_a_secret_is_hidden_too() -> None:
    said = Mask([SECRETS[3]]).text("cannot read 'MIIEvQIBADANBgkq'")
    assert said == "cannot read '(secret)'"


@pytest.mark.parametrize("short", ["", "a", "1", "on", "128"])
def test_short_values_do_not_blank_everything(short: str) -> None:
    said = "function photos-one: 128 MB, version 1 on"
    assert Mask([short]).text(said) == said


def test_the_longer_secret_goes_as_a_whole() -> None:
    assert Mask(["canary", "canary-2"]).text("canary-2 canary") == "(secret) (secret)"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "GET https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA%2F2026&X-Amz-Signature=0f3&a=1",
            "GET https://b.s3.amazonaws.com/k?X-Amz-Credential=(secret)&X-Amz-Signature=(secret)"
            "&a=1",
        ),
        ("x-amz-security-token:IQoJb3JpZ2lu\nhost:a", "x-amz-security-token:(secret)\nhost:a"),
        (
            "Authorization: AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host, Signature=0f",
            "Authorization: (secret)",
        ),
        ("authorization: Bearer abc", "authorization: (secret)"),
        ("the authorization type is NONE", "the authorization type is NONE"),
    ],
)
def test_what_signs_a_request_is_hidden(said: str, shown: str) -> None:
    assert Mask().text(said) == shown
