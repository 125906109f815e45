"""The commands, put together. Importing this must stay quick: what is slow is imported inside the commands."""

from __future__ import annotations

import typer

from followup.cli import (
    audit,
    clinic,
    doctor,
    enroll,
    fallback,
    imports,
    keys,
    on_call,
    outages,
    pathway,
    patient,
    processes,
    retention,
    staff,
    triage,
    vault,
    why,
)

app = typer.Typer(
    name="followup",
    help="Looks after people who went home after an outpatient procedure.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    processes.up, processes.web, processes.worker, processes.beat, processes.migrate, processes.demo,
):  # fmt: skip
    app.command()(command)
app.command()(doctor.doctor)
app.command()(enroll.enroll)
app.command()(imports.import_patients)
app.command()(why.why)
app.command()(on_call.on_call)
app.command()(outages.outages)
app.command()(vault.rotate_keys)
app.command()(vault.backup)
app.command()(vault.restore)
app.command()(retention.retention)
app.add_typer(fallback.app, name="fallback")
app.add_typer(clinic.app, name="clinic")
app.add_typer(pathway.app, name="pathway")
app.add_typer(keys.app, name="api-key")
app.add_typer(audit.app, name="audit")
app.add_typer(staff.app, name="staff")
app.add_typer(patient.app, name="patient")
app.add_typer(retention.hold, name="hold")
app.add_typer(triage.app, name="triage")
