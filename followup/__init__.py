"""followup looks after people who went home after an outpatient procedure.

Read the folders in the order of the patient's journey: ``patients``, ``pathways``, ``enrollment``,
``messaging``, ``outreach``, ``replies``, ``triage``, ``escalation``. Each stage may import only what comes
before it; ``ARCHITECTURE.md`` has the map.
"""
