"""The instance screens: list, one instance on its diagram, and what mends it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import clock
from app.db import db
from app.engine import interventions, messages
from app.engine import queries as engine_queries
from app.engine.interventions import INTERVENTION
from app.engine.models import InstanceState
from app.errors import Conflict, InvalidInput
from app.monitor import outcomes, overlay, queries
from app.people.current import current_person
from app.people.models import Person
from app.people.queries import teams
from app.web.diagrams import diagram_of, in_language, process_name, words_of
from app.web.language import reader_language
from app.web.navigation import Count, counts

blueprint = Blueprint("monitor", __name__, url_prefix="/instances", template_folder="templates")

# What a reader calls a step: work that was done and things that happened. "Everything" shows the rest too.
STEPS = ("task", "catchevent", "boundaryevent", "callactivity")
SHOWN_ENTRIES = 300
LONGEST_REASON = 500


@counts("instances")
def count_stalled(session: Session, _person: Person) -> Count:
    """How many instances wait to be mended, beside "Instances" in the rail."""
    return Count(queries.stalled_count(session), is_late=True)


@blueprint.get("/")
def index() -> str:
    """Instances, newest first, by process, state and ticket number."""
    filters = queries.Filters(
        process=request.args.get("process", ""),
        state=_known_state(request.args.get("state", "")),
        number=request.args.get("number", "").strip()[:40],
    )
    session = db.session()
    page = queries.page(session, filters, request.args.get("before", type=int))
    processes = queries.processes(session)
    used = {each.id: each for each in [*processes, *(row.instance.definition for row in page.rows)]}
    names = {id_: process_name(session, definition, reader_language()) for id_, definition in used.items()}
    return render_template(
        "monitor/index.html",
        page=page,
        filters=filters,
        names=names,
        processes=[(each.key, names[each.id]) for each in processes],
        states=list(InstanceState),
        stalled=queries.stalled_count(session),
    )


@blueprint.get("/<int:instance_id>")
def show(instance_id: int) -> str:
    """One instance: its diagram, what happened, what it holds and what it waits for."""
    session = db.session()
    instance = queries.get(session, instance_id)
    entries = list(engine_queries.instance_history(session, instance))
    waits = queries.waits(session, instance)
    people = queries.names_of(
        session,
        [entry.actor_id for entry in entries] + [task.assignee_id for task in waits.tasks] + [instance.suspended_by_id],
    )
    words = words_of(diagram_of(session, instance.definition))
    everything = request.args.get("detail") == "all"
    shown = [entry for entry in reversed(entries) if everything or _is_step(entry.element_type)]
    return render_template(
        "monitor/show.html",
        instance=instance,
        definition=instance.definition,
        process=process_name(session, instance.definition, reader_language()),
        ticket=queries.ticket_of(session, instance.subject),
        newest_version=queries.newest_version(session, instance.definition.key),
        entries=shown[:SHOWN_ENTRIES],
        left_out=len(shown[SHOWN_ENTRIES:]),
        everything=everything,
        variables=_own(engine_queries.variables(session, instance)),
        waits=waits,
        early=messages.of_instance(session, instance),
        people=people,
        teams={team.key: team.name for team in teams(session)},
        elapsed=queries.elapsed_minutes(instance, clock.now()),
        words=words,
        outcomes=outcomes.labels(session, instance.definition, words),
    )


@blueprint.get("/<int:instance_id>/diagram.json")
def diagram(instance_id: int) -> ResponseReturnValue:
    """The diagram of the instance's own version with its marks, for the viewer."""
    session = db.session()
    instance = queries.get(session, instance_id)
    marks = engine_queries.marks(session, instance)
    xml = in_language(diagram_of(session, instance.definition), reader_language())
    return jsonify(overlay.drawing(instance, xml, marks))


@blueprint.post("/<int:instance_id>/retry")
def retry(instance_id: int) -> ResponseReturnValue:
    """Run the failed step of a stalled instance again."""
    instance = queries.get(db.session(), instance_id)
    if instance.state != InstanceState.STALLED.value:
        raise Conflict(_("This instance is not stalled any more; there is nothing to retry."))
    interventions.retry(db.session(), instance, by_id=current_person().id)
    if queries.is_stalled(db.session(), instance.id):
        flash(_("It failed again; the reason is below. Nothing was sent and nothing was lost."))
    else:
        flash(_("The step ran. The process goes on."))
    return redirect(url_for(".show", instance_id=instance.id))


@blueprint.post("/<int:instance_id>/cancel")
def cancel(instance_id: int) -> ResponseReturnValue:
    """End an instance before its time; the ticket itself stays as it is."""
    instance = queries.get(db.session(), instance_id)
    if instance.state not in (InstanceState.RUNNING.value, InstanceState.STALLED.value):
        raise Conflict(_("This instance has ended already."))
    reason = request.form.get("reason", "").strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise InvalidInput(_("Say in a sentence why this process should end."))
    interventions.cancel(db.session(), instance, reason, by_id=current_person().id)
    flash(_("The process ended. The ticket stays as it is."))
    return redirect(url_for(".show", instance_id=instance.id))


@blueprint.app_template_filter("value_text")
def value_text(value: Any) -> str:
    """A variable's value on one line, as JSON-like text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: _("yes"), False: _("no")}.get(value, "–") if isinstance(value, bool) else "–"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {value_text(each)}" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(value_text(each) for each in value)
    return str(value)


def _is_step(element_type: str) -> bool:
    return element_type == INTERVENTION or element_type.lower().endswith(STEPS)


def _known_state(state: str) -> str:
    return state if state in set(InstanceState) else ""


def _own(variables: dict[str, Any]) -> list[tuple[str, Any]]:
    # Results that no `resultVariable` names are kept under names of the library's own.
    return sorted((name, value) for name, value in variables.items() if not name.startswith("spiff__"))
