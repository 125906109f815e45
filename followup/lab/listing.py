"""The carrier's message list: filters and pages.

Only what the real list can do: To, From, whole days of DateSent (UTC), newest first. No search by anything of
ours, so that reconciliation is tested against the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from followup.lab import bodies
from followup.lab.carrier import Carrier
from followup.lab.records import Text

DEFAULT_SIZE: Final = 50
LARGEST_SIZE: Final = 1000

Query = Mapping[str, str]


def texts(carrier: Carrier, account_sid: str, query: Query) -> dict[str, Any]:
    """One page of the message list."""
    to, sender = query.get("To"), query.get("From")
    if to:
        listed: Iterable[Text] = carrier.texts_to.get(to, [])
    elif sender:
        listed = carrier.texts_from.get(sender, [])
    else:
        listed = carrier.texts.values()
    days = _day_filters(query)
    found = [
        text
        for text in listed
        if text.account_sid == account_sid
        and not text.hidden
        and (not sender or text.sender == sender)
        and (not days or (text.sent is not None and _fits(text.sent, days)))
    ]
    return _page("messages", "Messages", account_sid, query, rows=found, body=bodies.text)


def calls(carrier: Carrier, account_sid: str, query: Query) -> dict[str, Any]:
    """One page of the call list (filters To, From, Status)."""
    found = [
        call
        for call in carrier.calls.values()
        if call.account_sid == account_sid
        and query.get("To", call.to) == call.to
        and query.get("From", call.sender) == call.sender
        and query.get("Status", call.status) == call.status
    ]
    return _page("calls", "Calls", account_sid, query, rows=found, body=bodies.call)


def senders(carrier: Carrier, account_sid: str, query: Query) -> dict[str, Any]:
    """One page of the account's phone numbers."""
    wanted = query.get("PhoneNumber", "")
    found = [s for s in carrier.senders.values() if s.account_sid == account_sid and wanted in s.number]
    name = "incoming_phone_numbers"
    return _page(name, "IncomingPhoneNumbers", account_sid, query, rows=found, body=bodies.sender)


def _page(
    name: str,
    resource: str,
    account_sid: str,
    query: Query,
    *,
    rows: list[Any],
    body: Callable[[Any], dict[str, Any]],
) -> dict[str, Any]:
    size = min(max(_number(query.get("PageSize"), DEFAULT_SIZE), 1), LARGEST_SIZE)
    newest_first = rows[::-1]
    # The token names the last row of the page before: rows that arrive meanwhile shift nothing.
    token = query.get("PageToken", "")[2:]
    start = next((place + 1 for place, row in enumerate(newest_first) if row.sid == token), 0) if token else 0
    shown = newest_first[start : start + size]
    number = _number(query.get("Page"), 0)
    path = f"/{bodies.VERSION}/Accounts/{account_sid}/{resource}.json"
    filters = {key: value for key, value in query.items() if key not in {"Page", "PageToken", "PageSize"}}
    base = {**filters, "PageSize": size}
    following = None
    if start + size < len(newest_first):
        following = f"{path}?{_query({**base, 'Page': number + 1, 'PageToken': 'PA' + shown[-1].sid})}"
    return bodies.page(
        name,
        map(body, shown),
        number=number,
        size=size,
        uri=f"{path}?{_query({**base, 'Page': number})}",
        first=f"{path}?{_query({**base, 'Page': 0})}",
        following=following,
    )


def _query(fields: Mapping[str, object]) -> str:
    return urlencode(fields, quote_via=quote)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else default


def _day_filters(query: Query) -> list[tuple[str, date]]:
    names = {"DateSent": "=", "DateSent<": "<", "DateSent>": ">"}
    return [(sign, date.fromisoformat(query[name][:10])) for name, sign in names.items() if query.get(name)]


def _fits(sent: float, days: list[tuple[str, date]]) -> bool:
    day = datetime.fromtimestamp(sent, UTC).date()
    return all(
        day == limit if sign == "=" else day <= limit if sign == "<" else day >= limit for sign, limit in days
    )
