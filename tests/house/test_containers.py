"""The production compose file and the image: valid, hardened, with every secret from a file."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from followup.servers.processes import QUEUES, house_processes, worker_command
from followup.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = {name: each for name, each in SERVICES.items() if each["image"].startswith("followup:")}
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_compose_file_follows_the_compose_specification() -> None:
    schema = json.loads((ROOT / "tests/data/compose-spec.json").read_text())
    problems = [each.message for each in jsonschema.Draft202012Validator(schema).iter_errors(COMPOSE)]
    assert problems == []


def test_every_process_of_the_service_has_its_container() -> None:
    commands = {" ".join(each["command"]) for each in OWN.values()}
    assert commands == {
        "followup migrate",
        "followup web",
        "followup beat",
        "followup worker --queues care",
        "followup worker --queues messages",
        "followup worker --queues upkeep",
        "followup fallback",
    }


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_write_nowhere_and_gain_nothing(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_runs_as_root(name: str) -> None:
    user = SERVICES[name].get("user") or re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)[-1]
    assert user.split(":")[0] not in {"0", "root", ""}


@pytest.mark.parametrize("name", SERVICES)
def test_every_long_running_container_tells_whether_it_is_well(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    if name == "migrate":
        assert check == {"disable": True}
    else:
        assert check["test"][0] in {"CMD", "CMD-SHELL"}
        assert {"interval", "timeout", "retries"} <= check.keys()


def test_a_worker_is_asked_for_its_health_by_the_name_it_has() -> None:
    for queue in QUEUES:
        service = SERVICES[queue]
        named = worker_command([queue])
        assert named[named.index("--hostname") + 1] == f"{queue}@%h"
        assert service["hostname"] == queue
        assert '"$$HOSTNAME@$$HOSTNAME"' in service["healthcheck"]["test"][1]


def test_one_machine_runs_the_same_processes_as_the_containers(tmp_path: Path) -> None:
    kept = {each.name for each in house_processes(tmp_path, environment={}, fallback=True)}
    assert kept == OWN.keys() - {"migrate"}


def test_every_setting_in_the_compose_file_is_one_the_service_knows() -> None:
    named = {name for each in OWN.values() for name in each["environment"]}
    named |= set(re.findall(rf"^ +({PREFIX}\w+)=", DOCKERFILE, re.MULTILINE))
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    assert {name.removesuffix("_FILE") for name in named} - known == set()


def test_secrets_come_from_files_only() -> None:
    secret = {
        PREFIX + name.upper()
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    network_of_its_own = {"FOLLOWUP_REDIS_URL"}  # no password: only reachable from the inside network
    for name, service in OWN.items():
        assert secret & service["environment"].keys() <= network_of_its_own, name
        files = {value for key, value in service["environment"].items() if key.endswith("_FILE")}
        assert files == {f"/run/secrets/{each}" for each in service["secrets"]}, name


def test_only_the_migrations_hold_the_login_that_owns_the_tables() -> None:
    assert [name for name, each in OWN.items() if "database_owner_url" in each["secrets"]] == ["migrate"]


def test_nothing_of_ours_starts_before_the_migrations_are_done() -> None:
    for name in OWN.keys() - {"migrate", "fallback"}:
        assert OWN[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_the_receiver_of_last_resort_waits_for_nothing_and_holds_no_login_of_the_database() -> None:
    receiver = OWN["fallback"]
    assert receiver["depends_on"] == {}
    assert not [name for name in receiver["environment"] if "DATABASE" in name or "REDIS" in name]
    assert receiver["volumes"] == OWN["upkeep"]["volumes"]


def test_the_database_is_version_18_and_neither_store_can_be_reached_from_outside() -> None:
    assert SERVICES["database"]["image"].startswith("postgres:18")
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("database", "doorbell"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]


def test_the_doorbell_keeps_a_file_and_never_forgets_silently() -> None:
    lines = (ROOT / "docker/valkey.conf").read_text().splitlines()
    assert {"appendonly yes", "maxmemory-policy noeviction"} <= set(lines)


def test_published_ports_are_for_this_machine_only() -> None:
    ports = [each for service in SERVICES.values() for each in service.get("ports", [])]
    assert ports
    assert all(each.startswith("127.0.0.1:") for each in ports)


def test_the_mail_catcher_is_for_development_only() -> None:
    assert SERVICES["mail-catcher"]["profiles"] == ["dev"]


def test_the_image_is_built_from_the_lock_and_leaves_the_build_behind() -> None:
    assert "pip install --require-hashes --requirement /build/requirements.lock" in DOCKERFILE
    assert len(re.findall(r"^FROM ", DOCKERFILE, re.MULTILINE)) == 2
    assert re.search(r"^HEALTHCHECK ", DOCKERFILE, re.MULTILINE)


def test_what_the_image_copies_is_let_into_the_build() -> None:
    sources = [
        each
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for each in line.split()
    ]
    let_in = {
        line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    assert set(sources) == let_in


def test_secrets_are_made_once_and_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    script = tmp_path / "make-secrets"
    script.write_bytes((ROOT / "docker/make-secrets").read_bytes())
    environment = {"PATH": os.environ["PATH"]}
    subprocess.run(["sh", script], check=True, env=environment, capture_output=True)
    first = {each.name: each.read_text() for each in (tmp_path / "secrets").iterdir()}
    subprocess.run(["sh", script], check=True, env=environment, capture_output=True)
    assert {each.name: each.read_text() for each in (tmp_path / "secrets").iterdir()} == first
    assert first.keys() == COMPOSE["secrets"].keys()
    assert re.fullmatch(r"[0-9a-f]{64}\n", first["encryption_keys"])
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
