"""``followup pathway cost`` and ``followup clinic cost``: what texting costs, planned and used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from followup.kit.money import Money

PRICE_HELP = "price of one segment, such as '0.0113 USD'; else FOLLOWUP_SEGMENT_PRICE"


def of_pathway(
    name: Annotated[str, typer.Argument(help="name or folder")],
    price: Annotated[str, typer.Option(help=PRICE_HELP)] = "",
) -> None:
    """Count the segments of one recovery by text, per language; with a price, what they cost."""
    from followup.cli.pathway_folders import folder_of
    from followup.pathways.library import read_pathway
    from followup.reporting.cost import recovery_costs

    one = _price(price)
    pathway = read_pathway(folder_of(name))
    print(f"{pathway.title}, version {pathway.version}: segments of one recovery by text message")
    for each in recovery_costs(pathway):
        print(
            f"{each.language}, {each.harvest.value.replace('_', ' ')}: {each.planned} in {each.texts} planned"
            f" texts; {each.reminders} in reminders; {each.follow_ups} in questions after answers;"
            f" at most {_worth(each.most, one)}"
        )
    print("Not counted: safety texts, short answers to what patients write, and texts of staff.")
    _say_without(one)


def of_clinic(
    slug: Annotated[str, typer.Argument(help="the clinic's slug")],
    month: Annotated[str, typer.Option(help="YYYY-MM; this month if not given")] = "",
    price: Annotated[str, typer.Option(help=PRICE_HELP)] = "",
) -> None:
    """Count the segments that the carrier took from a clinic in a month, by pathway, language and purpose."""
    from zoneinfo import ZoneInfo

    from followup.bootstrap import open_house
    from followup.reporting.clinic import clinic_facts
    from followup.reporting.cost import month_days, segments, used
    from followup.reporting.period import Period
    from followup.setup.apply import clinic_of

    one, house = _price(price), open_house()
    clinic_id = clinic_of(house.database, slug)
    with house.database.transaction(clinic_id) as session:
        zone = ZoneInfo(clinic_facts(session, clinic_id).time_zone)
        first, last = month_days(month, house.clock.now().astimezone(zone).date())
        rows = used(session, Period(first, last, zone))
    print(f"{slug}, {first:%Y-%m}: {_worth(segments(rows), one)}, {_texts(sum(each.texts for each in rows))}")
    for each in rows:
        pathway = each.pathway or "no pathway"
        print(
            f"  {pathway}, {each.language}, {each.purpose}: {_worth(each.segments, one)}, {_texts(each.texts)}"
        )
    _say_without(one)


def _price(written: str) -> Money | None:
    from followup.errors import InvalidInput
    from followup.kit.money import Money, MoneyError
    from followup.settings import load

    told = written or load().segment_price
    try:
        return Money.parse(told) if told else None
    except MoneyError as error:
        raise InvalidInput("price", str(error)) from None


def _worth(count: int, one: Money | None) -> str:
    words = f"{count} segment{'' if count == 1 else 's'}"
    return f"{words} ({one.times(count)})" if one else words


def _texts(count: int) -> str:
    return f"{count} text{'' if count == 1 else 's'}"


def _say_without(one: Money | None) -> None:
    if one is None:
        print("No price is known: set FOLLOWUP_SEGMENT_PRICE or give --price to see what it costs.")
