"""What a diagram says about customers beside its steps: the forms they begin with, and what happens by itself.

- A start event names the form of its process: `form`, or `form:TYPE` for one type of request.
- A timer event with `customer_deadline` `close` is when a request that waits for the customer is closed by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from lxml import etree

from app.engine import xml

BPMN: Final = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
SPIFF: Final = "{http://spiffworkflow.org/bpmn/schema/1.0/core}"
FORM: Final = "form"
DEADLINE: Final = "customer_deadline"


@lru_cache(maxsize=128)
def start_forms(diagram: str, process: str) -> Mapping[str, str]:
    """The forms that a process begins with, by type of request; under an empty key that of every other type."""
    tree = xml.parse(diagram.encode())
    for each in tree.iter(f"{BPMN}process"):
        if each.get("id") == process:
            # Not those of its sub-processes, which nobody fills in anything to begin.
            return {
                name.partition(":")[2]: value
                for start in each.iterfind(f"{BPMN}startEvent")
                for name, value in properties(start)
                if name.partition(":")[0] == FORM
            }
    return {}


@lru_cache(maxsize=128)
def closing_timers(diagram: str) -> frozenset[str]:
    """The timer events after which a request is closed by itself."""
    tree = xml.parse(diagram.encode())
    return frozenset(
        str(element.get("id"))
        for element in tree.iter(f"{BPMN}intermediateCatchEvent", f"{BPMN}boundaryEvent")
        if (DEADLINE, "close") in list(properties(element))
    )


def properties(element: etree._Element) -> Iterator[tuple[str, str]]:
    """The extension properties of an element that have a name and a value."""
    for each in element.iterfind(f"{BPMN}extensionElements/{SPIFF}properties/{SPIFF}property"):
        name, value = str(each.get("name") or ""), (each.get("value") or "").strip()
        if name and value:
            yield name, value
