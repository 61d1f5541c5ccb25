"""Message events as our diagrams write them: with an optional correlation key, and a time they may be kept.

Two extension properties of the event (or of the `message` it refers to), both expressions:

- `correlation`: what tells this wait from another one for the same message (a ticket's number, a work entry's id). It
  is evaluated once, when the wait begins; on an event that throws, when it throws.
- `keep_for`: on an event that throws: how long the message waits for a receiver that is not there yet (`"PT4H"`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.task import Task

from app.engine.environment import ElementFailed, element_of
from app.engine.expressions import ExpressionError, compile_expression
from app.engine.values import parse_duration

LONGEST_KEY = 200
_KEYS = "message_keys"


class MessageEvent(BpmnEvent):  # type: ignore[misc]  # the library has no types
    """A message on its way, with the key it is addressed to."""

    def __init__(
        self,
        definition: MessageEventDefinition,
        payload: Any,
        *,
        key: str | None = None,
        keep_for: timedelta | None = None,
        correlations: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(definition, payload=payload, correlations=correlations)
        self.key = key
        self.keep_for = keep_for


class MessageDefinition(MessageEventDefinition):  # type: ignore[misc]  # the library has no types
    """A message event that looks at keys."""

    correlation: str | None = None
    keep_for: str | None = None

    @classmethod
    def of(cls, parsed: MessageEventDefinition, properties: dict[str, str], node: Any) -> MessageDefinition:
        """What the library has read, with our properties.

        Raises:
            ValidationException: a property is no expression.
        """
        definition = cls(
            parsed.name,
            parsed.correlation_properties,
            parsed.expression,
            parsed.message_var,
            parsed.process_correlations,
        )
        for name in ("correlation", "keep_for"):
            text = (properties.get(name) or "").strip()
            if not text:
                continue
            try:
                compile_expression(text)
            except ExpressionError as error:
                raise ValidationException(f"`{name}`: {error}", node=node) from error
            setattr(definition, name, text)
        return definition

    def catches(self, my_task: Task, event: BpmnEvent) -> bool:
        """Whether the waiting task is meant: the same name, and the key that its wait has, if it has one."""
        return bool(super().catches(my_task, event)) and is_meant(self.key_of(my_task), getattr(event, "key", None))

    def update_task(self, my_task: Task) -> None:
        """The wait begins: now its key is what it will be."""
        super().update_task(my_task)
        self.key_of(my_task)

    def key_of(self, my_task: Task) -> str | None:
        """The key of a wait; the first call evaluates it."""
        if self.correlation is None:
            return None
        keys: dict[str, str] = my_task.internal_data.get(_KEYS, {})
        if self.name not in keys:
            keys = {**keys, self.name: _evaluated_key(my_task, self.correlation)}
            my_task.internal_data[_KEYS] = keys
        return keys[self.name]

    def throw(self, my_task: Task) -> None:
        """Send the message to whoever waits for it in this instance; what nobody took goes to the others."""
        scripts = my_task.workflow.script_engine
        payload = scripts.evaluate(my_task, self.expression) if self.expression is not None else {}
        correlations = self.get_correlations(my_task, payload) if self.expression is not None else {}
        my_task.workflow.correlations.update(correlations)
        key = _evaluated_key(my_task, self.correlation) if self.correlation is not None else None
        keep_for = _evaluated_length(my_task, self.keep_for) if self.keep_for is not None else None
        event = MessageEvent(self, payload, key=key, keep_for=keep_for, correlations=correlations)
        my_task.workflow.top_workflow.catch(event)

    def reset(self, my_task: Task) -> None:
        """The wait is over; one that begins again has a key of its own."""
        my_task.internal_data.pop(_KEYS, None)
        super().reset(my_task)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MessageEventDefinition) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


def is_meant(wait_key: str | None, key: str | None) -> bool:
    """Whether a wait takes a message: one without a key takes any, one with a key only its own."""
    return wait_key is None or wait_key == key


def key_text(value: object) -> str | None:
    """A key as it is kept: numbers and texts are the same, so `7` finds "7".

    Raises:
        ExpressionError: it is neither, too long, or no text that a database keeps.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ExpressionError(f"A correlation key is a text or a whole number, not {value!r}.")
    text = str(value)
    if not 0 < len(text) <= LONGEST_KEY or "\0" in text:
        raise ExpressionError(f"A correlation key has 1 to {LONGEST_KEY} characters, none of them NUL.")
    return text


def _evaluated_key(my_task: Task, text: str) -> str:
    value = my_task.workflow.script_engine.evaluate(my_task, text)
    try:
        key = key_text(value)
    except ExpressionError as error:
        raise ElementFailed(element_of(my_task), f"`{text}`: {error}") from error
    if key is None:
        # Nothing would ever match it, or everything would: neither is what the diagram says.
        raise ElementFailed(element_of(my_task), f"`{text}` gives no correlation key.")
    return key


def _evaluated_length(my_task: Task, text: str) -> timedelta:
    value = my_task.workflow.script_engine.evaluate(my_task, text)
    try:
        length = parse_duration(value) if isinstance(value, str) else value
    except ExpressionError as error:
        raise ElementFailed(element_of(my_task), f"`{text}`: {error}") from error
    if not isinstance(length, timedelta):
        raise ElementFailed(element_of(my_task), f'`{text}` should give a duration such as "PT4H".')
    return length
