"""The desk of this package's tests."""

from collections.abc import Iterator

import pytest

from app import clock
from tests.pages import Pages, open_desk


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("pages"), desk_name="Nordtech")


@pytest.fixture
def desk(shared_desk: Pages) -> Iterator[Pages]:
    """A desk with the shipped processes; its clock stands still, also for requests."""
    with clock.frozen(shared_desk.moment):
        yield shared_desk
