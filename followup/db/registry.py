"""Names of the modules that hold rows, so that migrations and the drift test see every table.

Names only: the ground floor must not import the stages above it.
"""

ROW_MODULES = (
    "followup.db.models",
    "followup.audit.models",
    "followup.clinics.models",
    "followup.staff.models",
    "followup.staff.duties.models",
    "followup.patients.models",
    "followup.pathways.models",
    "followup.tasks.models",
    "followup.intake.models",
    "followup.enrollment.models",
    "followup.messaging.models",
    "followup.replies.models",
    "followup.triage.models",
    "followup.escalation.models",
)
