"""Pathways: what a clinic wants to say and ask along a recovery, as folders that a clinician can read.

``library`` loads them, ``check`` reviews them, ``render`` fills their texts, ``preview`` prints a whole calendar.
Nothing here knows a patient, a clock or a carrier.
"""
