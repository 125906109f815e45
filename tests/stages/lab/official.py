"""The carrier's official OpenAPI document as a judge of requests and answers.

``tests/data/twilio/twilio_api_v2010.json`` is Twilio's own file (MIT license beside it). Used for the lab, and for
whatever the gateways send: ``OfficialApi().check_request(...)`` takes the entries of ``lab.requests()``.
"""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from followup.lab import Entry

DOCUMENT = Path(__file__).parents[2] / "data" / "twilio" / "twilio_api_v2010.json"
WORDS = {"true": True, "false": False}

formats = FormatChecker(formats=())


@formats.checks("date-time-rfc-2822", raises=(ValueError, TypeError))
def _is_mail_date(value: object) -> bool:
    return not isinstance(value, str) or parsedate_to_datetime(value).tzinfo is not None


@formats.checks("uri")
def _is_address(value: object) -> bool:
    return not isinstance(value, str) or value == "" or bool(urlsplit(value).path or urlsplit(value).netloc)


@formats.checks("phone-number")
def _is_phone(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"\+[1-9]\d{6,14}", value) is not None


class OfficialApi:
    """Judges traffic of the API 2010-04-01. All methods raise AssertionError with what is wrong."""

    def __init__(self) -> None:
        self._document = _as_json_schema(json.loads(DOCUMENT.read_text(encoding="utf-8")))
        self._paths = [
            (re.compile(re.sub(r"\\\{\w+\\\}", r"[^/]+?", re.escape(path))), described)
            for path, described in self._document["paths"].items()
        ]

    def check_request(self, entry: Entry) -> None:
        """Judge one request of the lab's journal: address, fields, types."""
        operation = self._operation(entry["method"], entry["path"])
        if entry["method"] == "POST":
            content = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
            self._judge(_typed(entry["form"], content), content | {"additionalProperties": False})
        else:
            known = {given["name"] for given in operation["parameters"] if given["in"] == "query"}
            assert set(entry["query"]) <= known, set(entry["query"]) - known

    def check_answer(self, method: str, path: str, *, status: int, text: str) -> None:
        """Judge one good answer: status, every field of the resource, nothing invented."""
        answers = self._operation(method, path)["responses"]
        assert str(status) in answers, (method, path, status)
        if status == 204:
            assert text == ""
            return
        schema = answers[str(status)]["content"]["application/json"]["schema"]
        self._judge(json.loads(text), schema)

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        for pattern, described in self._paths:
            if pattern.fullmatch(path):
                return dict(described[method.lower()])
        raise AssertionError(f"the carrier has no {method} {path}")

    def _judge(self, value: Any, schema: dict[str, Any]) -> None:
        whole = schema | {"components": self._document["components"]}
        wrong = [
            f"{error.json_path}: {error.message}"
            for error in _validator(json.dumps(whole)).iter_errors(value)
        ]
        assert not wrong, wrong


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema), format_checker=formats)


def _typed(form: dict[str, list[str]], schema: dict[str, Any]) -> dict[str, Any]:
    """Turn form values into the types that the document names."""
    typed: dict[str, Any] = {}
    for name, values in form.items():
        kind = schema["properties"].get(name, {}).get("type")
        value = values[0]
        if kind == "array":
            typed[name] = values
        elif kind in {"integer", "number"}:
            typed[name] = json.loads(value)
        else:
            typed[name] = WORDS.get(value.lower(), value) if kind == "boolean" else value
    return typed


def _as_json_schema(part: Any) -> Any:
    """Turn OpenAPI 3.0 into JSON Schema: ``nullable``, and resources that have all their fields and no others."""
    if isinstance(part, list):
        return [_as_json_schema(one) for one in part]
    if not isinstance(part, dict):
        return part
    told = {key: _as_json_schema(value) for key, value in part.items() if key not in {"example", "examples"}}
    if told.pop("nullable", False) and "type" in told:
        told["type"] = [told["type"], "null"]
    properties = told.get("properties")
    if isinstance(properties, dict) and {"sid", "uri"} <= set(properties):
        told["additionalProperties"] = False
        told["required"] = sorted(set(properties) & COMPLETE)
    return told


# The fields of a resource that a client of ours may read.
COMPLETE = {
    "account_sid", "answered_by", "api_version", "body", "date_created", "date_sent", "date_updated", "direction",
    "duration", "end_time", "error_code", "error_message", "from", "messaging_service_sid", "num_media",
    "num_segments", "phone_number", "price", "price_unit", "sid", "sms_url", "start_time", "status",
    "subresource_uris", "to", "uri", "voice_url",
}  # fmt: skip
