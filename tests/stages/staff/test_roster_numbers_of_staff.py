"""Who enrolls is warned of what may go wrong later: a number that is somebody else's, cover that has a gap."""

from __future__ import annotations

from sqlalchemy import update

from followup.bootstrap import House
from followup.staff.models import StaffContactPoint
from tests.cast import BEA, INES, TOM, again, open_clinic


def test_a_number_of_staff_or_of_another_patient_is_warned_of(house: House) -> None:
    """B22."""
    clinic = open_clinic(house)
    alone = " ".join(clinic.enroll(INES).warnings)
    assert "member of staff" not in alone
    assert "Another patient" not in alone
    assert "This number belongs to a member of staff." in clinic.enroll(again(TOM, phone=BEA)).warnings
    shared = " ".join(clinic.enroll(again(TOM, name="Tom Moreno", phone=INES.phone)).warnings)
    assert "Another patient has this number" in shared


def test_enrolling_warns_of_a_gap_in_cover_and_only_then(house: House) -> None:
    clinic = open_clinic(house)
    assert "cover" not in " ".join(clinic.enroll(INES).warnings)
    with clinic.session() as session:
        session.execute(update(StaffContactPoint).values(verified_at=None))
    told = " ".join(clinic.enroll(TOM).warnings)
    assert "On-call cover has a gap. emergency: nobody on call can be reached as nurse or physician" in told
