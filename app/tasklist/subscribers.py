"""What drafts do when processes change."""

from __future__ import annotations

from sqlalchemy import select

from app.db import Session
from app.engine.events import InstanceMoved
from app.events import reacts_to
from app.tasklist.models import Draft


@reacts_to(InstanceMoved)
def drafts_follow(session: Session, event: InstanceMoved) -> None:
    """A draft is found by its task's element, which may be called otherwise in the new version."""
    of_instance = Draft.instance_id == event.instance_id
    moved = select(Draft).where(of_instance, Draft.element.in_(event.elements)).order_by(Draft.saved_at.desc())
    kept = session.scalars(moved).all()
    if not kept:
        return
    others = session.scalars(select(Draft).where(of_instance, Draft.element.not_in(event.elements)))
    taken = {(draft.person_id, draft.element) for draft in others}
    gone: list[Draft] = []
    for draft in kept:
        place = (draft.person_id, event.elements[draft.element])
        if place in taken:
            # Two steps became one: the text that was saved last, or stands there already, stays.
            gone.append(draft)
            session.delete(draft)
        else:
            taken.add(place)
    session.flush()
    renamed = [draft for draft in kept if draft not in gone]
    # In two goes: two drafts may change places, and each place is taken once.
    for draft in renamed:
        draft.element = f"{draft.element} →"
    session.flush()
    for draft in renamed:
        draft.element = event.elements[draft.element.removesuffix(" →")]
    session.flush()
