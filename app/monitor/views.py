"""The page of one instance: its diagram, what happened, what it waits for, and what mends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from app import clock
from app.db import db
from app.engine import interventions, messages
from app.engine import queries as engine_queries
from app.engine.models import InstanceState, ProcessInstance
from app.errors import Conflict, InvalidInput
from app.monitor import list_views, outcomes, overlay, queries, subjects
from app.monitor.blueprint import blueprint
from app.people.current import current_person
from app.people.queries import teams
from app.sla import queries as sla
from app.web.diagrams import diagram_of, in_language, process_name, process_names, size_of, words_of
from app.web.language import reader_language

__all__ = ["blueprint", "list_views"]

LONGEST_REASON = interventions.LONGEST_REASON
# A longer value is folded away behind its beginning.
LONG_VALUE = 160


@blueprint.get("/<int:instance_id>")
def show(instance_id: int) -> ResponseReturnValue:
    """One instance: its diagram, what happened, what it holds and what it waits for."""
    return _page(instance_id)


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
    session = db.session()
    instance = queries.get(session, instance_id)
    if instance.state != InstanceState.STALLED.value:
        raise Conflict(_("This instance is not stalled any more; there is nothing to retry."))
    interventions.retry(session, instance, by_id=current_person().id)
    if queries.is_stalled(session, instance.id):
        flash(_("It failed again; the reason is below. Nothing was sent and nothing was lost."))
    else:
        flash(_("The step ran. The process goes on."))
    return redirect(url_for(".show", instance_id=instance.id))


@blueprint.post("/<int:instance_id>/suspend")
def suspend(instance_id: int) -> ResponseReturnValue:
    """Hold an instance: it takes no step until somebody resumes it."""

    def act(session: Session, instance: ProcessInstance) -> str:
        reason, seen = request.form.get("reason", ""), _seen_version()
        interventions.suspend(session, instance, reason, by_id=current_person().id, lock_version=seen)
        return str(_("The process is on hold. Its tasks, deadlines and messages wait."))

    return _intervene(instance_id, "suspend", act)


@blueprint.post("/<int:instance_id>/resume")
def resume(instance_id: int) -> ResponseReturnValue:
    """Let a held instance go on."""

    def act(session: Session, instance: ProcessInstance) -> str:
        interventions.resume(session, instance, by_id=current_person().id, lock_version=_seen_version())
        return str(_("The process goes on. What came meanwhile has reached it."))

    return _intervene(instance_id, "resume", act)


@blueprint.post("/<int:instance_id>/cancel")
def cancel(instance_id: int) -> ResponseReturnValue:
    """End an instance before its time; the ticket itself stays as it is."""

    def act(session: Session, instance: ProcessInstance) -> str:
        reason, seen = request.form.get("reason", ""), _seen_version()
        interventions.cancel(session, instance, reason, by_id=current_person().id, lock_version=seen)
        return str(_("The process ended. The ticket stays as it is."))

    return _intervene(instance_id, "cancel", act)


@blueprint.app_template_filter("with_code")
def with_code(text: str) -> Markup:
    """A reason, with what stands between backticks set as code; everything is escaped."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(each) if number % 2 else escape(each) for number, each in enumerate(pieces)
    )


@blueprint.app_template_filter("value_text")
def value_text(value: Any) -> str:
    """A variable's value on one line, as JSON-like text."""
    if isinstance(value, str):
        return value
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {value_text(each)}" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(value_text(each) for each in value)
    return str(value)


def _intervene(instance_id: int, action: str, act: Callable[[Session, ProcessInstance], str]) -> ResponseReturnValue:
    """Do it; when it cannot be done, the page comes back as it is now, with why and with what was typed."""
    session = db.session()
    instance = queries.get(session, instance_id)
    if action == "cancel" and instance.state not in (InstanceState.RUNNING.value, InstanceState.STALLED.value):
        raise Conflict(_("This instance has ended already."))
    try:
        said = act(session, instance)
    except (InvalidInput, Conflict) as error:
        session.rollback()
        return _page(instance_id, action, error), error.status
    flash(said)
    return redirect(url_for(".show", instance_id=instance_id))


def _page(instance_id: int, action: str = "", problem: InvalidInput | Conflict | None = None) -> str:
    session = db.session()
    instance = queries.get(session, instance_id)
    language = reader_language()
    everything = request.args.get("detail") == "all"
    before = request.args.get("before", type=int)
    entries, older = engine_queries.history_page(session, instance, only_steps=not everything, before=before)
    waits = queries.waits(session, instance)
    ticket = subjects.ticket_of(session, instance.subject)
    others = subjects.related(session, instance, ticket)
    kept = queries.kept_of(instance)
    people = queries.names_of(
        session,
        [entry.actor_id for entry in entries]
        + [task.assignee_id for task in waits.tasks]
        + [step.by_id for step in kept]
        + [instance.suspended_by_id],
    )
    drawn = diagram_of(session, instance.definition)
    words = words_of(drawn)
    return render_template(
        "monitor/show.html",
        instance=instance,
        definition=instance.definition,
        process=process_name(session, instance.definition, language),
        ticket=ticket,
        newest_version=queries.newest_version(session, instance.definition.key),
        entries=entries,
        older=older,
        is_newest=before is None,
        everything=everything,
        variables=_own(engine_queries.variables(session, instance)),
        long_value=LONG_VALUE,
        waits=waits,
        clocks=sla.clocks(session, ticket) if ticket is not None and instance.ended_at is None else {},
        early=messages.of_instance(session, instance),
        others=others,
        other_names=process_names(session, [other.definition for other in others], language),
        kept=kept,
        people=people,
        teams={team.key: team.name for team in teams(session)},
        elapsed=queries.elapsed_minutes(instance, clock.now()),
        worked=queries.working_minutes(session, instance, ticket),
        words=words,
        size=size_of(drawn),
        outcomes=outcomes.labels(session, instance.definition, words),
        action=action,
        problem=problem,
        typed=request.form.get("reason", "")[:LONGEST_REASON] if problem else "",
    )


def _seen_version() -> int | None:
    return request.form.get("seen", type=int)


def _own(variables: dict[str, Any]) -> list[tuple[str, Any]]:
    # Results that no `resultVariable` names are kept under names of the library's own.
    return sorted((name, value) for name, value in variables.items() if not name.startswith("spiff__"))
