"""Every rule of lint by name: what it finds and the way out. `docs/checks.md` is made of this table.

The names are permanent: people keep lists of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Rule:
    """One rule: which severities it has, what it finds, and what to do about it."""

    name: str
    severity: str
    finds: str
    way_out: str


_ERROR, _WARNING, _BOTH = "error", "warning", "error or warning"

FAMILIES: Final[dict[str, tuple[Rule, ...]]] = {
    "Files": (
        Rule(
            "file",
            _ERROR,
            "A file that cannot be read: not there, not XML or JSON, too large, with a DOCTYPE, "
            "in another encoding, of another kind.",
            "Export it again as BPMN 2.0, DMN or a form, in UTF-8.",
        ),
        Rule("same-name", _ERROR, "Two files with the same name; a version keeps one only.", "Rename one of them."),
        Rule("form", _ERROR, "A form that could not be drawn or checked.", "Mend the field; the message says how."),
        Rule(
            "engine",
            _ERROR,
            "The engine itself cannot read what no other rule objects to.",
            "Draw the element differently.",
        ),
        Rule(
            "import",
            _WARNING,
            "A diagram refers to definitions in another file.",
            "Put the files side by side and check them together.",
        ),
    ),
    "Processes, flows and paths": (
        Rule("no-process", _ERROR, "A diagram without a process.", "Draw one."),
        Rule(
            "not-executable",
            _ERROR,
            "A process that is not executable would never run.",
            "Set “executable”; `--adopt` does it.",
        ),
        Rule(
            "drawing-only",
            _WARNING,
            "A process that is not executable beside one that is: a drawing of the other side.",
            "Nothing, or set “executable”.",
        ),
        Rule("duplicate-process", _ERROR, "Two processes have the same key.", "Rename one of them."),
        Rule("duplicate-id", _ERROR, "Several elements have the same id.", "Give each its own."),
        Rule("missing-id", _ERROR, "An element without an id.", "Give it one."),
        Rule(
            "misplaced",
            _ERROR,
            "An element inside another that cannot hold it, where nobody sees it.",
            "Draw it again where it belongs.",
        ),
        Rule("reserved-id", _ERROR, "An id that the engine uses itself, such as `Start`.", "Choose another id."),
        Rule("too-long", _ERROR, "An id or a name longer than the database keeps.", "Cut it."),
        Rule(
            "true-or-false",
            _ERROR,
            "A switch is written `1`, `0` or otherwise and would be misread.",
            "Write `true` or `false`.",
        ),
        Rule("loose-flow", _ERROR, "A flow ends at nothing, or in another process.", "Connect it again."),
        Rule("many-flows-out", _BOTH, "Several flows leave something that is no gateway.", "Put a gateway behind it."),
        Rule("flow-out-of-end", _ERROR, "A flow leaves an end event.", "Remove it."),
        Rule("flow-into-start", _ERROR, "A flow enters a start or boundary event.", "Move its arrow."),
        Rule(
            "ignored-condition",
            _BOTH,
            "A condition that is never looked at: on a flow out of a task, or on a default flow.",
            "Put an exclusive gateway in between, or remove the condition.",
        ),
        Rule("no-start", _ERROR, "A process or sub-process without a start event.", "Draw one."),
        Rule("many-starts", _ERROR, "Several start events: one path only would be taken.", "Keep one."),
        Rule(
            "waiting-start",
            _ERROR,
            "A start event that waits for a message, a time or a signal.",
            "Start plainly and wait after it.",
        ),
        Rule("no-end", _ERROR, "Nothing ends the process.", "Draw an end event."),
        Rule("unreachable", _ERROR, "Nothing leads to an element.", "Connect it or remove it."),
        Rule("dead-end", _ERROR, "A path stops without an end event.", "Add one."),
        Rule("never-ends", _ERROR, "No path from here reaches an end event.", "Add a way out."),
        Rule("calls-itself", _ERROR, "A process calls itself, directly or through others.", "Break the circle."),
    ),
    "Gateways": (
        Rule(
            "missing-condition",
            _ERROR,
            "A flow out of a choice without a condition that is not the default.",
            "Write a condition or make it the default.",
        ),
        Rule(
            "no-default",
            _ERROR,
            "A choice without a default flow stalls when no condition holds.",
            "Mark one flow as the default.",
        ),
        Rule("default-flow", _ERROR, "The default flow does not leave this gateway.", "Choose one that does."),
        Rule("complex-gateway", _ERROR, "Complex gateways cannot be run.", "Use exclusive or parallel ones."),
        Rule(
            "inclusive-join",
            _ERROR,
            "An inclusive join cannot tell what is still under way.",
            "Join with a parallel or an exclusive gateway.",
        ),
        Rule(
            "join-in-loop",
            _ERROR,
            "A loop runs back into a parallel join, which then waits for ever.",
            "Let the loop return before the split.",
        ),
        Rule(
            "double-flow", _ERROR, "Several flows from one element enter the same parallel join.", "Keep one of them."
        ),
        Rule(
            "event-gateway",
            _BOTH,
            "Behind an event gateway stands something that is no single waiting event.",
            "Put catching events there, each reached from the gateway only, without cycles.",
        ),
    ),
    "Tasks": (
        Rule(
            "plain-task",
            _ERROR,
            "A task without a kind, or a manual task: nobody would be asked.",
            "Make it a user task; `--adopt` does it.",
        ),
        Rule("missing-form", _ERROR, "A user task without a form, or a form that is not there.", "Choose a form."),
        Rule("missing-variable", _ERROR, "The answer of a user task has no place to go.", "Set variableName."),
        Rule("nobody", _ERROR, "Nobody would see a user task.", "Set assignee, candidate_teams or candidate_role."),
        Rule("candidate-role", _ERROR, "candidate_role is no plain word.", "Write a word such as `agent`."),
        Rule(
            "variable-name", _ERROR, "Something that is no name for a variable.", "Use letters, digits and underscores."
        ),
        Rule("property", _BOTH, "A property that means nothing, or lacks its name or value.", "Correct or remove it."),
        Rule("missing-operation", _ERROR, "A service task that calls nothing.", "Choose an operation."),
        Rule(
            "unknown-operation",
            _ERROR,
            "A service task that calls an operation which does not exist.",
            "Choose one that does.",
        ),
        Rule(
            "parameter",
            _ERROR,
            "A parameter is missing, unknown, given twice or of the wrong kind.",
            "Correct it; the message says how.",
        ),
        Rule("no-result", _ERROR, "A result is kept of an operation that returns none.", "Remove the variable."),
        Rule(
            "missing-decision",
            _ERROR,
            "A business rule task that asks no table, or one that is not there.",
            "Choose a table or add its file.",
        ),
        Rule(
            "missing-process",
            _ERROR,
            "A call activity that calls no process, or one that is not there.",
            "Choose a process or add its file.",
        ),
        Rule("missing-script", _ERROR, "A script task without a script.", "Write one or remove the task."),
        Rule("script-format", _ERROR, "A script in another language.", "Write assignments and `if` only."),
        Rule(
            "repetition",
            _ERROR,
            "A repeated activity without an end, a number or a list that is there, or with too many rounds.",
            "Say how often, or for which list.",
        ),
        Rule("ad-hoc", _ERROR, "Ad-hoc sub-processes cannot be run.", "Draw the order of their steps."),
        Rule("compensation", _ERROR, "Compensation does nothing.", "Draw the steps that undo the work."),
        Rule(
            "ignored-setting",
            _ERROR,
            "A setting that is never looked at (quantities, instantiate, behavior).",
            "Remove it.",
        ),
    ),
    "Events": (
        Rule(
            "missing-message",
            _ERROR,
            "A message is awaited or sent that has no definition or no name.",
            "Choose or name the message.",
        ),
        Rule("missing-signal", _ERROR, "A signal without a definition or a name.", "Choose or name the signal."),
        Rule("missing-error", _ERROR, "An error that is not defined in the file.", "Choose one that is."),
        Rule("missing-escalation", _ERROR, "An escalation that is not defined in the file.", "Choose one that is."),
        Rule(
            "signal-never-thrown",
            _ERROR,
            "A signal is awaited that nothing throws in the same instance.",
            "Wait for a message.",
        ),
        Rule(
            "uncaught-error",
            _ERROR,
            "An error or cancellation that nobody catches, or not each caller: "
            "the process would go on as if all were well.",
            "Catch it on the edge of the sub-process, or end without it.",
        ),
        Rule(
            "cancel-outside-transaction",
            _ERROR,
            "A cancel end event that stands in no transaction.",
            "Use an error end event.",
        ),
        Rule("many-events", _ERROR, "One event with several definitions.", "Draw each for itself."),
        Rule("empty-event", _ERROR, "An event that waits for nothing.", "Say what it waits for."),
        Rule(
            "unsupported-event",
            _ERROR,
            "An event that is ignored at its place: links, conditions, compensation, signals at an end.",
            "The message names what to draw instead.",
        ),
        Rule("loose-boundary", _ERROR, "A boundary event that is attached to nothing.", "Put it on a task."),
        Rule(
            "boundary",
            _ERROR,
            "A boundary event that can never happen where it stands.",
            "The message says where it can.",
        ),
        Rule(
            "message-once",
            _ERROR,
            "A non-interrupting message event happens once only, and so does one that catches several escalations.",
            "Wait for messages on a branch of its own that loops; escalate once, or interrupt.",
        ),
        Rule(
            "event-sub-process",
            _ERROR,
            "An event sub-process with flows, markers, a correlation or without an event.",
            "Remove them, or say on which event it starts.",
        ),
        Rule(
            "interrupting-event-sub-process",
            _ERROR,
            "An interrupting event sub-process interrupts nothing.",
            "Use a boundary event, or make it non-interrupting.",
        ),
        Rule(
            "timer",
            _ERROR,
            "A timer that could not wait: without quotes, with a minus sign, past the end of the calendar, "
            "a cycle where nothing can repeat, or more than once a minute.",
            "Correct the time; the message says how.",
        ),
    ),
    "Expressions": (
        Rule("expression", _ERROR, "An expression or script that cannot be read.", "Correct it; see the expressions."),
        Rule("unknown-function", _ERROR, "A function that does not exist.", "Choose one that does."),
        Rule(
            "unknown-name",
            _ERROR,
            "A name that nothing provides or assigns.",
            "Correct it, put text into quotes, or name it in the process's property `variables` "
            "when it is started with it.",
        ),
        Rule("unknown-field", _ERROR, "A field that no form behind the variable has.", "Correct its name."),
        Rule("unknown-attribute", _ERROR, "An attribute that the facts do not have.", "Correct its name."),
        Rule("hides-fact", _WARNING, "A script assigns the name of a fact.", "Choose another name."),
    ),
    "Decision tables": (
        Rule("dmn-version", _ERROR, "A version of DMN that cannot be read.", "Save it as DMN 1.1, 1.2 or 1.3."),
        Rule("one-decision", _ERROR, "A file with no decision or several.", "Put one decision in one file."),
        Rule("one-table", _ERROR, "A decision that is not one table.", "Remove what else decides."),
        Rule("duplicate-decision", _ERROR, "Two decisions have the same key.", "Rename one of them."),
        Rule(
            "hit-policy",
            _ERROR,
            "A hit policy or aggregation that would be ignored.",
            "Use UNIQUE, FIRST or COLLECT, and functions on the list.",
        ),
        Rule("no-output", _ERROR, "A table that answers nothing.", "Add an output."),
        Rule("output-name", _ERROR, "An output that is no variable name, or is there twice.", "Rename it."),
        Rule("no-input", _ERROR, "A column that does not say what it looks at.", "Write an expression."),
        Rule("no-rules", _WARNING, "A table without rows.", "Add one."),
        Rule("row-width", _ERROR, "A row with more or fewer cells than columns.", "Mend the row."),
        Rule("no-text", _ERROR, "A cell without a text.", "Write one, empty for “any”."),
        Rule("not-unique", _ERROR, "Two rows of a UNIQUE table hold for the same inputs.", "Remove one or use FIRST."),
    ),
    "From other modelers": (
        Rule("foreign", _WARNING, "Settings of another tool, which are ignored.", "Say the same with the desk's own."),
        Rule("unsupported", _ERROR, "An element that cannot be run.", "Remove it, or draw it as the message says."),
        Rule(
            "data",
            _ERROR,
            "Data objects, stores, inputs, outputs and associations carry nothing.",
            "Remove them; steps share variables. `--adopt` does it.",
        ),
        Rule(
            "message-flow",
            _WARNING,
            "A message flow between pools is only a drawing.",
            "Name the message at the event that waits for it.",
        ),
        Rule("empty-pool", _WARNING, "A pool names a process that is not in the file.", "Draw it or empty the pool."),
        Rule(
            "correlation",
            _ERROR,
            "Correlation of pools is not read.",
            "Remove it: a message finds its instance by its subject.",
        ),
        Rule(
            "to-do",
            _ERROR,
            "Something that was left to a person when the diagram was adopted.",
            "Do it, then remove the property `to_do`.",
        ),
    ),
    "What people read": (
        Rule("missing-name", _WARNING, "A user task without a name.", "Name it."),
        Rule("missing-translation", _WARNING, "A text without its Romanian.", "Add the property, such as name:ro."),
    ),
}

RULES: Final = {rule.name: rule for rules in FAMILIES.values() for rule in rules}


def page() -> str:
    """The tables of `docs/checks.md`, a family each."""
    parts = []
    for family, rules in FAMILIES.items():
        rows = "\n".join(f"| `{rule.name}` | {rule.severity} | {rule.finds} | {rule.way_out} |" for rule in rules)
        parts.append(f"## {family}\n\n| Rule | Severity | Finds | Way out |\n|---|---|---|---|\n{rows}\n")
    return "\n".join(parts)
