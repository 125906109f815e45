"""Planning: what is due when, for one patient, and why. Pure: values in, values out.

``plan`` makes a calendar, ``replan`` compares it with what exists, ``lateness`` decides about what is overdue,
``silence`` about what was not answered, ``check`` about a pathway before anybody is enrolled in it.
"""
