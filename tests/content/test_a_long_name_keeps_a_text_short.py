"""B39: a name may be 120 characters long; in a text it is cut, so that no name makes one the carrier refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from followup.kit.names import first_name
from followup.pathways.library import read_pathway
from followup.pathways.pathway import Pathway
from followup.pathways.render import render
from followup.pathways.values import LONGEST_VALUE, worst_case
from followup.pathways.vocabulary import Channel

SHIPPED = Path(__file__).parents[2] / "templates" / "pathways"
PATHWAYS = [read_pathway(folder) for folder in sorted(SHIPPED.iterdir())]
# A first name as long as the form takes: in plain letters, and in letters that make every character dearer.
NAMES = {"B39-plain": "M" * 120, "B39-dear": "Ж" * 120, "B39-escaped": "€" * 120}


@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
@pytest.mark.parametrize("pathway", PATHWAYS, ids=lambda pathway: pathway.id)
def test_no_name_makes_a_text_longer_than_the_carrier_takes(pathway: Pathway, name: str) -> None:
    for (key, language), text in pathway.texts.items():
        values = worst_case(language) | {"patient_first_name": first_name(name)}
        body = render(text.parts[Channel.SMS], values, Channel.SMS).body
        assert name[: LONGEST_VALUE + 1] not in body, (key, language)
        # The longest texts of ours fill three segments; the carrier refuses more than 1,600 characters (21617).
        assert len(body) <= 3 * 160 + LONGEST_VALUE < 1600, (key, language)
