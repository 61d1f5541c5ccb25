"""`./run processes migrate …`: running instances go on with another version."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from app.db import Session, run_in_transaction, transaction
from app.engine import definitions
from app.engine.commands.printing import json_option
from app.engine.commands.processes import group
from app.engine.models import ProcessDefinition, ProcessInstance
from app.engine.moving import instances, work
from app.engine.moving import plan as planning
from app.engine.moving.models import MoveState
from app.engine.moving.verdicts import Outcome, Verdict
from app.errors import InvalidInput, NotFound

# How many instances that cannot be moved are listed one by one.
LISTED = 20


@group.command()
@click.argument("key")
@click.option("--from", "from_version", type=int, help="The version they run on; the one that has instances, if one.")
@click.option("--to", "to_version", type=int, help="The version they are to run on; the newest when not given.")
@click.option("--map", "pairs", multiple=True, metavar="OLD=NEW", help="An element of another name; OLD= for gone.")
@click.option(
    "--map-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON object of such elements: {old: new or null}.",
)
@click.option("--suggested", is_flag=True, help="Also use what the plan suggests for elements that are gone.")
@click.option("--rearm", is_flag=True, help="Calculate deadlines anew whose expression changed.")
@click.option("--instance", "only", type=int, multiple=True, help="Only this instance; may be repeated.")
@click.option("--batch", default=100, show_default=True, type=click.IntRange(1, 1000), help="So many at a time.")
@click.option("--dry-run", is_flag=True, help="Only look; this is what happens without --apply.")
@click.option("--apply", "apply_it", is_flag=True, help="Move them.")
@click.option("--background", is_flag=True, help="With --apply: leave the work to the workers.")
@json_option
def migrate(
    key: str,
    from_version: int | None,
    to_version: int | None,
    pairs: tuple[str, ...],
    map_file: Path | None,
    suggested: bool,
    rearm: bool,
    only: tuple[int, ...],
    batch: int,
    dry_run: bool,
    apply_it: bool,
    background: bool,
    as_json: bool,
) -> None:
    """Move running instances of a process to another version.

    Without --apply it shows the plan and says for each instance whether it can be moved, and writes nothing. An
    instance that cannot be moved stays where it is. Exit 1 when there is such a one.
    """
    if apply_it and dry_run:
        raise InvalidInput("Use --apply or --dry-run, not both.")
    overrides = _overrides(pairs, map_file)
    with transaction(writing=False) as session:
        source, target = _versions(session, key, from_version, to_version)
        if suggested:
            overrides = {**planning.plan(session, source, target, overrides).suggestions, **overrides}
        made = planning.plan(session, source, target, overrides)
        ids = (source.id, target.id)
        if not as_json:
            _show_plan(made)
        if not apply_it:
            verdicts = list(planning.dry_run(session, source, target, overrides, rearm=rearm, only=only, batch=batch))
            _finish_dry_run(made, verdicts, as_json)
            return
    _apply(made, ids, overrides, rearm=rearm, only=only, batch=batch, background=background, as_json=as_json)


def _apply(
    made: planning.Plan,
    ids: tuple[int, int],
    overrides: dict[str, str | None],
    *,
    rearm: bool,
    only: tuple[int, ...],
    batch: int,
    background: bool,
    as_json: bool,
) -> None:
    def begin(session: Session) -> int:
        source, target = (session.get_one(ProcessDefinition, each) for each in ids)
        move = work.start(session, source, target, overrides=overrides, rearm=rearm, only=only, here=not background)
        return move.id

    move_id = run_in_transaction(begin)
    if background:
        click.echo(json.dumps({"move": move_id}) if as_json else f"Move {move_id} is left to the workers.")
        return

    def told(counts: dict[str, int]) -> None:
        if not as_json:
            total = sum(counts.values())
            click.echo(f"{total - counts['waiting']} of {total}: {counts['moved']} moved, {counts['failed']} failed")

    work.carry_on(move_id, batch=batch, told=told)
    with transaction(writing=False) as session:
        move = work.get(session, move_id)
        counts = work.progress(session, move_id)
        failed = [
            {"instance": each.instance_id, "element": each.element, "reason": each.reason}
            for each in work.failures(session, move_id)
        ]
        done = move.state == MoveState.DONE
    if as_json:
        row = {"plan": made.as_json(), "move": move_id, "state": move.state, "counts": counts, "failed": failed}
        click.echo(json.dumps(row, indent=2, ensure_ascii=False))
    else:
        for each in failed[:LISTED]:
            click.echo(f"  {each['instance']}  stays: {each['element'] or '-'}: {each['reason']}")
    if failed or not done:
        raise SystemExit(1)


def _finish_dry_run(made: planning.Plan, verdicts: list[Verdict], as_json: bool) -> None:
    counts = planning.counts(verdicts)
    refused = [each for each in verdicts if each.outcome in (Outcome.NEEDS_MAPPING, Outcome.IMPOSSIBLE)]
    if as_json:
        rows = [
            {"instance": each.instance_id, "outcome": each.outcome, "element": each.element, "reason": each.reason}
            for each in verdicts
        ]
        click.echo(
            json.dumps({"plan": made.as_json(), "counts": counts, "instances": rows}, indent=2, ensure_ascii=False)
        )
    else:
        click.echo(f"{len(verdicts)} looked at: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
        for place, number in Counter((each.outcome, each.element, each.reason) for each in refused).most_common(LISTED):
            outcome, element, reason = place
            click.echo(f"  {number} × {outcome}  {element or '-'}: {reason}")
    if refused:
        raise SystemExit(1)


def _show_plan(made: planning.Plan) -> None:
    same = sum(1 for old, new in made.mapping.items() if old.rpartition("/")[2] == new)
    click.echo(f"{made.key}: version {made.from_version} → {made.to_version}; {same} elements are the same.")
    for old, new in made.mapping.items():
        if old.rpartition("/")[2] != new:
            suggested = made.suggestions.get(old)
            hint = f"   (perhaps --map {old}={suggested})" if suggested and new is None else ""
            click.echo(f"  {old} → {new or 'gone'}{hint}")
    for each in made.problems:
        waiting = f" {each.waiting} instances wait there." if each.waiting else ""
        click.echo(f"  {each.rule}  {each.element}: {each.message}{waiting}")


def _overrides(pairs: tuple[str, ...], map_file: Path | None) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    if map_file is not None:
        try:
            given: Any = json.loads(map_file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidInput(f"{map_file} cannot be read as JSON: {error}") from error
        values = given.values() if isinstance(given, dict) else [0]
        if not all(value is None or isinstance(value, str) for value in values):
            raise InvalidInput(f"{map_file} should hold a JSON object of texts: {{old element: new element or null}}.")
        found.update(given)
    for pair in pairs:
        old, sign, new = pair.partition("=")
        if not sign or not old:
            raise InvalidInput(f"--map {pair}: write OLD=NEW, or OLD= for an element that is gone.")
        found[old] = new or None
    return found


def _versions(
    session: Session, key: str, from_version: int | None, to_version: int | None
) -> tuple[ProcessDefinition, ProcessDefinition]:
    target = definitions.current(session, key) if to_version is None else _version(session, key, to_version)
    if target is None:
        raise NotFound(f"There is no process {key}.")
    if from_version is not None:
        return _version(session, key, from_version), target
    # Ids first: PostgreSQL cannot tell whether two JSON columns are the same.
    used = select(ProcessInstance.definition_id).where(ProcessInstance.state.in_(instances.LIVE))
    query = select(ProcessDefinition).where(
        ProcessDefinition.key == key, ProcessDefinition.id != target.id, ProcessDefinition.id.in_(used)
    )
    found = sorted(session.scalars(query).all(), key=lambda each: each.version)
    if len(found) != 1:
        versions = ", ".join(str(each.version) for each in found)
        raise InvalidInput(
            f"Several versions have running instances: {versions}. Say which with --from."
            if found
            else f"No other version of {key} has running instances."
        )
    return found[0], target


def _version(session: Session, key: str, version: int) -> ProcessDefinition:
    query = select(ProcessDefinition).where(ProcessDefinition.key == key, ProcessDefinition.version == version)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound(f"There is no version {version} of {key}.")
    return found
