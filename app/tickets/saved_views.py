"""Saved views: lists of tickets under a name, one's own or shared with a team or with everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, and_, bindparam, delete, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import InvalidInput, NotAllowed, NotFound
from app.people.models import Membership, Person, Role, Team
from app.statements import Question
from app.texts import gettext as _
from app.tickets.address import Address
from app.tickets.list_address import LONGEST
from app.tickets.list_models import Audience, DefaultView, SavedView

LONGEST_NAME = 60
MOST_OF_A_PERSON = 50
# How long a deleted view can be brought back.
KEPT = timedelta(days=1)
LEADING = (Role.TEAM_LEAD, Role.MANAGER, Role.ADMINISTRATOR)


def visible(session: Session, person: Person) -> Sequence[Any]:
    """The views somebody finds in their list: their own first, then shared ones, by name.

    Each has `id`, `name`, `query`, `audience`, `owner_id`, `owner_name` and `team_name`.
    """
    return _VISIBLE.all(session, {"person_id": person.id})


def get(session: Session, view_id: int, *, seen_by: Person) -> SavedView:
    """A view that somebody may open.

    Raises:
        NotFound: there is none, or it is not shared with them.
    """
    view = session.scalar(select(SavedView).where(SavedView.id == view_id, _seen_by(seen_by.id)))
    if view is None:
        raise NotFound(_("There is no such view, or it is not shared with you."))
    return view


def default_of(session: Session, person: Person) -> SavedView | None:
    """The view that the list opens with for somebody, as long as they may see it."""
    found = select(SavedView).join(DefaultView, DefaultView.view_id == SavedView.id)
    return session.scalar(found.where(DefaultView.person_id == person.id, _seen_by(person.id)))


def may_change(view: SavedView, person: Person) -> bool:
    """Whether somebody may rename, share and delete a view: its owner, and who leads the desk when it is shared."""
    if view.owner_id == person.id:
        return True
    return view.audience != Audience.OWN and person.has_role(Role.MANAGER, Role.ADMINISTRATOR)


def save(session: Session, person: Person, *, name: str, query: str, share: str = "") -> SavedView:
    """Keep a list under a name.

    Args:
        query: of the list's address.
        share: empty for oneself, `everybody`, or `team:` and the key of a team.

    Raises:
        InvalidInput: it has no name, its address is too long, or there are too many.
        NotAllowed: the person may not share so widely.
    """
    own = select(func.count()).where(SavedView.owner_id == person.id, SavedView.deleted_at.is_(None))
    if (session.scalar(own) or 0) >= MOST_OF_A_PERSON:
        raise InvalidInput(_("You have %(most)s views; delete one that you do not need.", most=MOST_OF_A_PERSON))
    view = SavedView(name=_name(name), owner_id=person.id, query=_query(query), created_at=clock.now())
    _share(session, view, share, person)
    session.add(view)
    session.flush()
    return view


def change(
    session: Session, view: SavedView, *, by: Person, name: str | None = None, query: str | None = None,
    share: str | None = None,
) -> None:  # fmt: skip
    """Rename a view, keep another list under its name, or share it; None leaves what it is.

    Raises:
        NotAllowed: it is somebody else's.
        InvalidInput: the new name or address cannot be kept.
    """
    _refuse_others(view, by)
    if name is not None:
        view.name = _name(name)
    if query is not None:
        view.query = _query(query)
    if share is not None:
        _share(session, view, share, by)
    session.flush()


def remove(session: Session, view: SavedView, *, by: Person) -> None:
    """Delete a view; for a day it can be brought back.

    Raises:
        NotAllowed: it is somebody else's.
    """
    _refuse_others(view, by)
    moment = clock.now()
    view.deleted_at = moment
    session.flush()
    session.execute(delete(SavedView).where(SavedView.deleted_at < moment - KEPT))


def restore(session: Session, view_id: int, *, by: Person) -> SavedView:
    """Bring a deleted view back.

    Raises:
        NotFound: it is gone for good, or was never theirs.
    """
    view = session.get(SavedView, view_id)
    if view is None or not may_change(view, by):
        raise NotFound(_("This view is gone for good."))
    view.deleted_at = None
    session.flush()
    return view


def open_first(session: Session, person: Person, view: SavedView | None) -> None:
    """Let the list open with a view for somebody; None for the plain list."""
    chosen = session.get(DefaultView, person.id)
    if view is None:
        if chosen is not None:
            session.delete(chosen)
    elif chosen is None:
        session.add(DefaultView(person_id=person.id, view_id=view.id))
    else:
        chosen.view_id = view.id
    session.flush()


def opens_first(session: Session, person: Person) -> int | None:
    """The id of the view that somebody's list opens with."""
    return session.scalar(select(DefaultView.view_id).where(DefaultView.person_id == person.id))


def shares(session: Session, person: Person) -> list[Team]:
    """The teams somebody may share a view with: their own, and all for those who lead the desk."""
    found = select(Team).where(Team.is_active)
    if not person.has_role(Role.MANAGER, Role.ADMINISTRATOR):
        found = found.where(Team.id.in_(_teams_of(person.id)))
    return list(session.scalars(found.order_by(Team.name, Team.id)))


def share_of(view: SavedView) -> str:
    """How `save` and `change` are told who finds the view now."""
    if view.audience == Audience.TEAM and view.team is not None:
        return f"team:{view.team.key}"
    return str(view.audience) if view.audience else ""


def may_share_with_all(person: Person) -> bool:
    """Whether somebody may put a view into everybody's list."""
    return person.has_role(*LEADING)


def _seen_by(person_id: int | BindParameter[int]) -> ColumnElement[bool]:
    shared = or_(
        SavedView.owner_id == person_id,
        SavedView.audience == Audience.EVERYBODY,
        SavedView.team_id.in_(_teams_of(person_id)),
    )
    return and_(SavedView.deleted_at.is_(None), shared)


def _teams_of(person_id: int | BindParameter[int]) -> Select[int]:
    return select(Membership.team_id).where(Membership.person_id == person_id)


_READER = bindparam("person_id", None, type_=Integer)
_VISIBLE = Question(
    select(
        SavedView.id, SavedView.name, SavedView.query, SavedView.audience, SavedView.owner_id,
        Person.name.label("owner_name"), Team.name.label("team_name"),
    )
    .join(Person, Person.id == SavedView.owner_id)
    .outerjoin(Team, Team.id == SavedView.team_id)
    .where(_seen_by(_READER))
    .order_by(SavedView.owner_id != _READER, func.lower(SavedView.name), SavedView.id)
)  # fmt: skip


def _refuse_others(view: SavedView, person: Person) -> None:
    if not may_change(view, person):
        raise NotAllowed(_("This view is %(name)s's; save one of your own.", name=view.owner.name))


def _share(session: Session, view: SavedView, share: str, by: Person) -> None:
    if share == share_of(view):
        return
    kind, _colon, key = share.partition(":")
    if kind == "team":
        team = next((each for each in shares(session, by) if each.key == key), None)
        if team is None:
            raise NotAllowed(_("You can share a view with your own teams."))
        view.audience, view.team = Audience.TEAM, team
        return
    if kind == Audience.EVERYBODY:
        if not may_share_with_all(by):
            raise NotAllowed(_("Whoever leads a team or the desk shares views with everybody."))
        view.audience, view.team = Audience.EVERYBODY, None
        return
    view.audience, view.team = Audience.OWN, None


def _name(written: str) -> str:
    name = " ".join(written.replace("\x00", "").split())
    if not name or len(name) > LONGEST_NAME:
        message = _("Give the view a name of at most %(most)s characters.", most=LONGEST_NAME)
        raise InvalidInput(message, {"name": [message]})
    return name


def _query(written: str) -> str:
    # Looked at before it is read: reading leaves out what is beyond the limit.
    query = Address.read(written).query
    if len(written) > LONGEST or len(query) > LONGEST:
        raise InvalidInput(_("This list has too many filters to be saved."))
    return query
