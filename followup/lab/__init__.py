"""The lab: a simulated carrier that speaks Twilio's API over HTTP, with phones to look at and a mail catcher.

Demo, tests and benchmarks all use it; the real ``twilio`` SDK talks to it through a base URL. It must never reach a
real phone, a real mail server or the real carrier, and production refuses it.

In a test::

    with Lab.started() as lab:                       # one thread, a free port; about 50 ms
        lab.sender(inbound_url=f"{web}/hooks/twilio/sms#rc=5&rp=all")
        lab.route("https://followup.example", web)   # signed as public, reached locally
        ines = lab.phone("+14155550101", name="Ines", owner="patient")
        ...
        text = ines.expects("pain", "0")             # waits for a text with these words
        handed = ines.sends("8 and it is worse")     # a signed webhook; handed.status is its answer
        nurse = lab.phone("+14155550131", name="Nurse Bea", owner="staff")
        nurse.answers_calls(digits="1")              # or is_busy(), does_not_answer(), lets_voicemail_answer()
        nurse.expects_call("urgent")
        mail = lab.expect_mail("tom@patients.example", "pain")
        lab.answer_mail(mail, "3")                   # lies in lab.mailbox_url
        lab.wait_idle()                              # every status told, every webhook answered
        lab.expect_nothing_else()                    # nobody got anything that the test did not expect
        lab.expect_webhooks_answered()               # and every webhook was answered well

Where it is: ``lab.url`` (API base, pages at ``/lab``), ``lab.smtp_url``, ``lab.mailbox_url``, ``lab.account.sid``,
``lab.auth_token``. The first sender is ``SENDER``; more with ``lab.sender(number)``, ``lab.service(sid, …)``.

Trouble: ``lab.fault("refuse", code=21610, to="+1…", times=1)``. See ``Fault`` for the fields and ``Effect`` for
the effects; ``lab.clear_faults()``. ``lab.fault("kill")`` takes the text, stops the client process (or ``pids=…``),
writes the 201 and kills it: a client that dies between the carrier's answer and its own commit, every time.
``phone.cannot_be_reached(30006)`` is a lasting property of a phone.

Time: real by default, with the small waits of ``Pace`` (``INSTANT``: none). ``Lab.started(stepped=True)`` holds
the carrier still until ``lab.advance(seconds)`` (``lab.advance()``: to its next appointment; ``lab.wait_idle()``:
to the end). The carrier's dates are machine time; only the page shows care time.

What happened: ``lab.journal.entries(kind, since=…)``, ``lab.requests("messages.create")``,
``lab.webhooks("status")``, ``lab.alarms()``, ``phone.inbox``. ``lab.posts(url, form, token=…)`` posts any signed
form, for hostile cases.

From a shell: ``python -m followup.lab --port 0 --port-file FILE`` (or ``serve(settings)``); ``/lab/faults``,
``/lab/journal``, ``/lab/phones``, ``/lab/senders``, ``/lab/time`` and ``/lab/mailbox`` do the same over HTTP
(docs/how-to/use-the-lab.md).
"""

from followup.lab.faults import Effect, Fault
from followup.lab.inbound import Handed
from followup.lab.journal import Entry, Journal, Kind
from followup.lab.lab import Lab, serve
from followup.lab.phone import Phone
from followup.lab.postbox import Mail
from followup.lab.records import Call, CallStatus, Owner, Sender, Service, Text, TextStatus
from followup.lab.settings import (
    ACCOUNT_SID,
    API_KEY,
    API_SECRET,
    AUTH_TOKEN,
    INSTANT,
    SENDER,
    Account,
    LabSettings,
    OptOut,
    Pace,
)

__all__ = [
    "ACCOUNT_SID",
    "API_KEY",
    "API_SECRET",
    "AUTH_TOKEN",
    "INSTANT",
    "SENDER",
    "Account",
    "Call",
    "CallStatus",
    "Effect",
    "Entry",
    "Fault",
    "Handed",
    "Journal",
    "Kind",
    "Lab",
    "LabSettings",
    "Mail",
    "OptOut",
    "Owner",
    "Pace",
    "Phone",
    "Sender",
    "Service",
    "Text",
    "TextStatus",
    "serve",
]
