"""What was measured, for people and for programs, and whether the desk keeps what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bench.pages.measuring import Cost, share
from bench.pages.places import LIST

# Milliseconds of server time on one core.
MOST_P95_MS: Final = 150.0
MOST_LIST_P50_MS: Final = 18.0

Costs = Mapping[str, Mapping[str, Cost]]


def desk_name(database: str, tickets: int) -> str:
    """What a desk is called in tables: its database and its size, 0 for the demo's."""
    return f"{database}, {tickets:,} tickets" if tickets else f"{database}, demo"


def table(measured: Mapping[str, Cost]) -> str:
    """The pages of a desk, one line each."""
    rows = [("milliseconds of server time", "p50", "p95", "cpu p50", "queries", "kB")]
    for name, cost in measured.items():
        few, many = min(cost.queries), max(cost.queries)
        rows.append(
            (
                name,
                f"{share(cost.wall_ms, 50):.1f}",
                f"{share(cost.wall_ms, 95):.1f}",
                f"{share(cost.cpu_ms, 50):.1f}",
                str(few) if few == many else f"{few}-{many}",
                f"{max(cost.bytes) / 1000:.1f}",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) if not column else text.rjust(width) for column, (text, width) in each)
        for each in (list(enumerate(zip(row, widths, strict=True))) for row in rows)
    )


def figures(costs: Costs, tickets: int) -> dict[str, Any]:
    """Everything by desk and page, and the promises."""
    return {
        "tickets": tickets,
        "pages": {
            desk: {
                name: {
                    "p50_ms": round(share(cost.wall_ms, 50), 2),
                    "p95_ms": round(share(cost.wall_ms, 95), 2),
                    "cpu_p50_ms": round(share(cost.cpu_ms, 50), 2),
                    "queries": max(cost.queries),
                    "bytes": max(cost.bytes),
                }
                for name, cost in measured.items()
            }
            for desk, measured in costs.items()
        },
        "slower_than_promised": slow_pages(costs),
        "list_p50_ms": list_p50(costs),
        "more_queries_when_large": pages_that_grow(costs),
    }


def verdict(costs: Costs) -> list[str]:
    """The promises, and which pages break them."""
    slow, grown = slow_pages(costs), pages_that_grow(costs)
    lists = {desk: value for desk, value in list_p50(costs).items() if value > MOST_LIST_P50_MS}
    return [
        f"p95 of every page at most {MOST_P95_MS:.0f} ms: " + (_joined(slow) or "kept"),
        f"p50 of the list at most {MOST_LIST_P50_MS:.0f} ms: "
        + (", ".join(f"{desk} {value:.1f}" for desk, value in lists.items()) or "kept"),
        "no page asks more often on the large desk: " + (_joined(grown) or "kept"),
    ]


def slow_pages(costs: Costs) -> dict[str, list[str]]:
    """The pages of each desk that take longer than promised."""
    return {
        desk: [name for name, cost in measured.items() if share(cost.wall_ms, 95) > MOST_P95_MS]
        for desk, measured in costs.items()
    }


def list_p50(costs: Costs) -> dict[str, float]:
    """What the plain list takes on each desk."""
    return {desk: round(share(measured[LIST].wall_ms, 50), 2) for desk, measured in costs.items() if LIST in measured}


def pages_that_grow(costs: Costs) -> dict[str, list[str]]:
    """The pages that ask more often on a database's large desk than on its small one."""
    desks = list(costs)
    return {
        large: [name for name, cost in costs[large].items() if max(cost.queries) > max(costs[small][name].queries)]
        for small, large in zip(desks[::2], desks[1::2], strict=False)
    }


def _joined(found: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{desk}: {', '.join(names)}" for desk, names in found.items() if names)
