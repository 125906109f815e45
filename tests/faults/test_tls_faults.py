"""F44: a carrier whose certificate must not be believed; a real worker, and certificates made at run time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.faults.case import Case
from tests.faults.move import move_carrier
from tests.faults.processes import worker
from tests.faults.ring import ring
from tests.faults.tls import Authority, Terminator
from tests.waiting import wait_for

pytestmark = pytest.mark.slow


def test_f44_no_certificate_that_is_expired_foreign_or_for_somebody_else_gets_a_text_or_a_password(
    case: Case, tmp_path: Path
) -> None:
    """Each delays the text and counts as no call; with a good one it goes out, once."""
    believed = Authority.found(tmp_path, "believed")
    stranger = Authority.found(tmp_path, "stranger")
    bad = {
        "expired": believed.context(ends=timedelta(days=-1)),
        "signed by a proxy in between": stranger.context(),
        "for another host": believed.context("elsewhere.example"),
    }
    port = urlsplit(case.lab.url).port
    assert port
    carrier = Terminator(port, bad["expired"])
    case.queue_welcome()
    case.injected()
    with carrier.listening() as own_port:
        url = f"https://localhost:{own_port}"
        move_carrier(case, url)
        with worker(case, tmp_path, SSL_CERT_FILE=str(believed.file)):
            for number, (what, context) in enumerate(bad.items(), 1):
                carrier.context = context
                wait_for(lambda number=number: refusals(case) >= number, what=f"a refusal: {what}")
                case.home.pass_time(timedelta(minutes=2))
            assert carrier.believed == 0
            assert carrier.refused >= len(bad)
            assert case.lab.requests("messages.create") == []
            assert case.home.only("SELECT calls FROM message") == 0
            carrier.context = believed.context()
            case.over()
            wait_for(lambda: ring(case, "messages.deliver") or case.texts(), what="the text")
            case.normal()
            wait_for(lambda: case.state()[1] == "accepted", what="its record")
        assert carrier.believed >= 1
    move_carrier(case, case.lab.url)
    assert len(case.texts()) == 1


def refusals(case: Case) -> int:
    """Ring, and count the attempts that came to nothing and left nothing."""
    ring(case, "messages.deliver")
    found = "SELECT count(*) FROM attempt WHERE state = 'refused' AND refusal = 'not_processed'"
    return int(case.home.only(found))
