"""A request's whole life in memory, and its state written down and read back."""

from __future__ import annotations

from bench.engine import ours, reference, stock
from bench.engine.figures import Measured
from bench.engine.measuring import side_by_side


def measure(quick: bool) -> Measured:
    """Life, dump, load and bytes, the library beside the desk."""
    measured = Measured()
    with stock.untouched():
        _live_stock()
        _live_ours()
        times = side_by_side(_live_stock, _live_ours, 7 if quick else 31)
        what = f"request's life, {len(reference.LIFE)} interactions"
        measured.figures["life_ratio"] = measured.compare(what, *times, "ms", "≥ 3.5 ×")
        theirs, mine = stock.start(), ours.start()
        for interaction in (reference.TRIAGE, *reference.ONE_ROUND):
            stock.apply(theirs, interaction)
            ours.apply(mine, interaction)
        written, blob = stock.dump(theirs), ours.dump(mine)
        count = 15 if quick else 60
        measured.compare(
            "state written", *side_by_side(lambda: stock.dump(theirs), lambda: ours.dump(mine), count), "ms"
        )
        measured.compare("state read", *side_by_side(lambda: stock.load(written), lambda: ours.load(blob), count), "ms")
    sizes = len(written.encode()), len(blob)
    measured.figures["state_ratio"] = measured.compare("state after one reply", *sizes, "B", "≥ 12 ×")
    diagram = stock.parts(written)["specs"]
    measured.notes.append(f"{diagram:,} of the library's {sizes[0]:,} bytes of state are the diagram itself.")
    return measured


def _live_stock() -> None:
    workflow = stock.start()
    for interaction in reference.LIFE:
        stock.apply(workflow, interaction)
    if not workflow.is_completed():
        raise RuntimeError("the library did not finish the request")


def _live_ours() -> None:
    workflow = ours.start()
    for interaction in reference.LIFE:
        ours.apply(workflow, interaction)
    if not workflow.is_completed():
        raise RuntimeError("the desk did not finish the request")
