"""A story for each test; what it took of the diagram is remembered for the test that asks whether all was taken."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from tests.diagrams.coverage import Taken, drawn
from tests.diagrams.story import Story


@pytest.fixture(scope="module")
def taken() -> Taken:
    """What the tests of a module took, together."""
    return Taken()


@pytest.fixture
def story(
    request: pytest.FixtureRequest, session: Session, at: Callable[[datetime], None], taken: Taken
) -> Iterator[Story]:
    """The world before the first request; the module's PROCESS and DIAGRAM say what is being covered."""
    told = Story(session, at)
    yield told
    assert told.nothing_stalled()
    taken.add(session, request.module.PROCESS, drawn(request.module.DIAGRAM))
    taken.scenarios.add(request.node.originalname)


@pytest.fixture
def all_scenarios(request: pytest.FixtureRequest, taken: Taken) -> Taken:
    """What all scenarios of the module took; skips when only some of them ran, or one of them failed."""
    tests = inspect.getmembers(request.module, inspect.isfunction)
    everything = {name for name, test in tests if "story" in inspect.signature(test).parameters and name[:5] == "test_"}
    if everything - taken.scenarios:
        pytest.skip("not every scenario of this module was run")
    return taken
