"""Our check of the carrier's signature agrees with the carrier's own library, whatever is signed or forged."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from followup.web.hooks.signature import SignatureCheck, sign

HOSTS = st.sampled_from(
    [
        "https://followup.example", "http://followup.example", "https://followup.example:8443",
        "http://127.0.0.1:8000", "https://followup.example/base", "https://followup.example:443",
    ]
)  # fmt: skip
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FIELDS = st.lists(st.tuples(WORDS, WORDS), max_size=8)
QUERY = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=10).map(
    lambda text: text and f"a={text}"
)
TOKENS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=40)


class Many(dict[str, list[str]]):
    """Fields as the library takes them when a name may come twice."""

    def getall(self, name: str) -> list[str]:
        return self[name]


def as_library(fields: list[tuple[str, str]]) -> Many:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in fields:
        found[name].append(value)
    return Many(found)


@given(HOSTS, WORDS, QUERY, FIELDS, TOKENS)
def test_what_the_library_signs_we_accept(public, path, query, fields, token):
    raw_path = "/hooks/" + quote(path)
    url = public + raw_path + (f"?{query}" if query else "")
    signature = RequestValidator(token).compute_signature(url, as_library(fields))
    check = SignatureCheck(public, ("another", token))
    assert check.is_signed(raw_path.encode(), query.encode(), fields, signature.encode())


@given(HOSTS, QUERY, FIELDS, FIELDS, TOKENS, st.booleans())
def test_we_and_the_library_agree_about_every_signature(public, query, signed, sent, token, is_same):
    url = public + "/hooks/twilio/sms" + (f"?{query}" if query else "")
    signature = RequestValidator(token).compute_signature(url, as_library(signed))
    received = signed if is_same else sent
    theirs = RequestValidator(token).validate(url, as_library(received), signature)
    ours = SignatureCheck(public, (token,)).is_signed(
        b"/hooks/twilio/sms", query.encode(), received, signature.encode()
    )
    assert ours == theirs


@given(st.binary(max_size=40), FIELDS)
def test_no_bytes_of_a_stranger_raise_or_pass(signature, fields):
    check = SignatureCheck("https://followup.example", ("token",))
    assert check.is_signed(b"/hooks/\xff", b"\xfe", fields, signature) is False


@given(TOKENS, st.text(max_size=30))
def test_a_key_of_any_letters_can_sign(token, words):
    assert len(sign(token, words.encode("utf-8", "surrogateescape") if words.isascii() else b"")) == 28
