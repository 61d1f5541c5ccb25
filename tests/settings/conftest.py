"""The desk of this package's tests."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from app import clock
from app.people.models import Role
from tests.pages import Pages, open_desk


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("pages"), desk_name="Nordtech")


@pytest.fixture
def desk(shared_desk: Pages) -> Iterator[Pages]:
    """A desk with the shipped processes; its clock stands still, also for requests."""
    with clock.frozen(shared_desk.moment):
        yield shared_desk


@pytest.fixture(scope="module")
def shared_desk_with_server(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return open_desk(tmp_path_factory.mktemp("sending"), smtp_host="127.0.0.1", smtp_port=9)


@pytest.fixture
def desk_with_server(shared_desk_with_server: Pages) -> Iterator[Pages]:
    """A desk that has an SMTP server set; no worker runs, so nothing is sent."""
    with clock.frozen(shared_desk_with_server.moment):
        yield shared_desk_with_server


@pytest.fixture
def root(desk: Pages) -> FlaskClient:
    """An administrator's browser."""
    return desk.client(desk.staff(Role.ADMINISTRATOR))


@pytest.fixture
def manager(desk: Pages) -> FlaskClient:
    return desk.client(desk.staff(Role.MANAGER))
