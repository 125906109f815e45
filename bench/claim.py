"""The due scan: does asking "what is due?" cost more when more is planned for later?

Blocks touched are the steadier measure; milliseconds on a shared machine are not.
"""

from __future__ import annotations

import contextlib
import json
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from bench.enroll import enroll_one
from bench.world import World, _owner

_FILL = """
    INSERT INTO touchpoint (id, clinic_id, enrollment_id, patient_id, key, round, kind, channel, day, local_date,
        local_time, time_zone, due_at, look_at, not_after, late_rule, slot, requires_answer, asked, state,
        why, reminders)
    SELECT gen_random_uuid(), t.clinic_id, t.enrollment_id, t.patient_id, 'bench-' || n, 1, 'check_in', 'sms', 0,
        current_date, now(), 'America/Chicago', now() + interval '1 day' + n * interval '1 second',
        now() + interval '1 day' + n * interval '1 second', now() + interval '400 days', 'skip', 1, false, '[]',
        'planned', 'bench', 0
    FROM (SELECT clinic_id, enrollment_id, patient_id FROM touchpoint LIMIT 1) t,
        generate_series(1 + {first}, {last}) n
"""
_SCAN = """
    EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)
    SELECT patient_id FROM touchpoint WHERE state = 'planned' AND look_at <= now() ORDER BY look_at, id LIMIT 200
"""
TRIES = 9


def due_claim(world: World, *, rows: Sequence[int], say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Measure the scan with few and with many future rows."""
    enroll_one(world, 0)
    found: list[dict[str, Any]] = []
    have = 0
    with contextlib.closing(_owner(world.owner_url)) as connection:
        for wanted in rows:
            connection.execute(_FILL.format(first=have, last=wanted))
            have = wanted
            connection.execute("VACUUM ANALYZE touchpoint")
            plans = [json.loads(json.dumps(connection.execute(_SCAN).fetchone()[0]))[0] for _ in range(TRIES)]
            blocks = [_blocks(plan["Plan"]) for plan in plans]
            milliseconds = [plan["Execution Time"] for plan in plans]
            found.append({"future rows": wanted, "blocks": blocks, "milliseconds": milliseconds})
            say(
                f"due scan, {wanted:,} future rows: {statistics.median(blocks):.0f} blocks,"
                f" {statistics.median(milliseconds):.3f} ms ({plans[-1]['Plan']['Plans'][0]['Node Type']})"
            )
    first, last = statistics.median(found[0]["blocks"]), statistics.median(found[-1]["blocks"])
    say(f"  blocks {last:.0f} / {first:.0f} = {last / max(first, 1):.2f}  bar <= 1.15")
    return found


def _blocks(plan: dict[str, Any]) -> int:
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])
