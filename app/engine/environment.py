"""How the library calculates what an analyst wrote: every text goes through our expression language.

Conditions, timers, cardinalities, scripts, payloads, decision cells and parameters all end up here; nothing in the
engine evaluates text in any other way. Names are looked up in the process variables first, then in the facts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.script_engine import BasePythonScriptEngineEnvironment, PythonScriptEngine
from SpiffWorkflow.task import Task
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError

from app import clock
from app.db import Session, changes
from app.engine import operations
from app.engine.budgets import BudgetExceeded
from app.engine.due import cycle_value, due_moment
from app.engine.expressions import ExpressionError, compile_expression, compile_script
from app.engine.facts import FactScope
from app.engine.subject import Subject
from app.engine.values import MAX_EFFORT, Effort, plain
from app.errors import DeskError, InvalidInput


class ElementFailed(Exception):
    """An element of a diagram could not do its work; the reason is for whoever repairs it."""

    def __init__(self, element: str, reason: str, errors: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(f"{element}: {reason}")
        self.element = element
        self.reason = reason
        # What an operation refused, by the names of its parameters.
        self.errors = dict(errors or {})


class Names(Mapping[str, Any]):
    """Process variables, and behind them the facts, which are loaded only when they are read."""

    def __init__(self, variables: Mapping[str, Any], facts: Mapping[str, Any], own: Mapping[str, Any] | None = None):
        self._layers = (own or {}, variables, facts)

    def __getitem__(self, name: str) -> Any:
        for layer in self._layers:
            if name in layer:
                return layer[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(name in layer for layer in self._layers)

    def __iter__(self) -> Iterator[str]:
        return iter({name for layer in self._layers for name in layer})

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Environment(BasePythonScriptEngineEnvironment):  # type: ignore[misc]  # the library has no types
    """What the library calls without a task (correlations): the same language, no facts of a task."""

    def __init__(self, facts: FactScope) -> None:
        super().__init__()
        self._facts = facts

    def evaluate(self, expression: str, context: Any, external_context: Any = None) -> Any:
        variables = context if isinstance(context, Mapping) else {}
        return compile_expression(expression).evaluate(
            Names(variables, self._facts, external_context), self._facts.functions
        )

    def execute(self, script: str, context: dict[str, Any], external_context: Any = None) -> bool:
        context.update(compile_script(script).run(Names(context, self._facts), self._facts.functions))
        return True


class DeskScripts(PythonScriptEngine):  # type: ignore[misc]  # the library has no types
    """The script engine of one step of one instance."""

    def __init__(self, session: Session, subject: Subject, instance_id: int, by_id: int | None) -> None:
        self.facts = FactScope(session, subject)
        super().__init__(_Environment(self.facts))
        self.session = session
        self.subject = subject
        self.instance_id = instance_id
        self.by_id = by_id
        # The last element whose script assigned variables in this step.
        self.assigning = ""

    def validate(self, expression: str) -> None:
        """Raise SyntaxError when the text is no expression (decision tables ask)."""
        try:
            compile_expression(expression)
        except ExpressionError as error:
            raise SyntaxError(str(error)) from error

    def evaluate(self, task: Task, expression: str, external_context: Any = None) -> Any:
        """The value of an expression for this task."""
        names, effort = Names(task.data, self.facts, external_context), Effort()
        value = self._guarded(
            task, lambda: compile_expression(expression).evaluate(names, self.facts.functions, effort)
        )
        # One element may calculate many: a gateway with many flows, a table with many cells.
        task.workflow.top_workflow.budget.spend_effort(MAX_EFFORT - effort.left)
        return value

    def execute(self, task: Task, script: str, external_context: Any = None) -> bool:
        """Run a script; what it assigns becomes variables of the task."""
        names, effort = Names(task.data, self.facts, external_context), Effort()
        results = self._guarded(task, lambda: compile_script(script).run(names, self.facts.functions, effort))
        task.workflow.top_workflow.budget.spend_effort(MAX_EFFORT - effort.left)
        task.data.update(results)
        self.assigning = element_of(task)
        return True

    def due(self, task: Task, value: Any) -> datetime:
        """The moment a timer is due whose expression gave this value."""
        moment: datetime = self._guarded(task, lambda: due_moment(value, clock.now()))
        return moment

    def cycle(self, task: Task, value: Any) -> dict[str, Any]:
        """A cycle whose expression gave this value."""
        armed: dict[str, Any] = self._guarded(task, lambda: cycle_value(value))
        return armed

    def call_service(self, task: Task, **kwargs: Any) -> str:
        """Run the operation of a service task in the step's transaction; its result as JSON, as the library wants."""
        parameters = {name: given["value"] for name, given in kwargs["operation_params"].items()}
        call = operations.Call(
            session=self.session,
            subject=self.subject,
            instance_id=self.instance_id,
            element=element_of(task),
            now=clock.now(),
            by_id=self.by_id,
            visit=task.id,
        )
        before, budget = changes(self.session), task.workflow.top_workflow.budget
        try:
            with budget.charging_at_most(budget.limits.operation_seconds):
                result = self._guarded(task, lambda: operations.get(kwargs["operation_name"]).call(call, parameters))
                # An error that only the database sees belongs to this element, not to whatever flushes next.
                self._guarded(task, self.session.flush)
        finally:
            if changes(self.session) != before:
                self.facts.drop()
        return json.dumps(result)

    def evaluate_text(self, task: Task, text: str) -> Any:
        """The plain value of an expression in an extension property."""
        return self._guarded(task, lambda: plain(self.evaluate(task, text)))

    def _guarded(self, task: Task, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (ElementFailed, BudgetExceeded, OperationalError, StaleDataError):
            # A lost race is not the diagram's fault: the boundary runs the whole body again.
            raise
        except InvalidInput as error:
            details = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.errors.items())
            raise ElementFailed(element_of(task), f"{error.message} {details}".strip(), error.errors) from error
        except DeskError as error:
            raise ElementFailed(element_of(task), error.message) from error
        except ExpressionError as error:
            raise ElementFailed(element_of(task), str(error)) from error
        except Exception as error:
            raise ElementFailed(element_of(task), f"{type(error).__name__}: {error}") from error


def element_of(task: Task) -> str:
    """The id of the element in the diagram that this task stands for."""
    return str(task.task_spec.bpmn_id or task.task_spec.name)
