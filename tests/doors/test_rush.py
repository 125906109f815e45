"""Everybody at once: more requests than connections and threads must wait for their turn, not for each other."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from fastapi import FastAPI

from tests.doors.conftest import BROWSER, PASSWORD, SmallClinic
from tests.doors.hooks_of_the_test import served

AT_ONCE = 100


@pytest.mark.timeout(120)
def test_a_rush_is_served_one_after_the_other(app: FastAPI, clinic: SmallClinic) -> None:
    many = httpx2.Limits(max_connections=AT_ONCE)
    with (
        served(app) as address,
        httpx2.Client(base_url=address, headers=BROWSER, timeout=40, limits=many) as client,
    ):
        client.post("/sign-in", data={"email": clinic.address("nurse"), "password": PASSWORD})
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as crowd:
            statuses = list(crowd.map(lambda _: client.get("/").status_code, range(AT_ONCE)))
        took = time.monotonic() - began
    assert set(statuses) == {200}
    assert took < 20, "requests waited for each other"
