"""Small diagrams for tests of lint, written as the few elements that matter."""

from __future__ import annotations

from itertools import pairwise

from app.engine import lint
from app.engine.xml import SourceFile

SPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
)
MESSAGE = '<bpmn:message id="message_reply" name="customer_reply" />'
FORM = SourceFile(
    "form",
    "work.form",
    b'{"id": "work", "components": [{"type": "textfield", "key": "note", "id": "note"},'
    b'{"type": "radio", "key": "outcome", "id": "outcome", "values": [{"value": "yes"}]}]}',
)


def element(tag: str, name: str, inside: str = "", /, **attributes: str) -> str:
    """`<bpmn:tag id="name" …>inside</bpmn:tag>`; an underscore at an attribute's end is left out."""
    written = "".join(f' {key.rstrip("_")}="{value}"' for key, value in attributes.items())
    return f'<bpmn:{tag} id="{name}"{written}>{inside}</bpmn:{tag}>'


def flow(source: str, target: str, condition: str | None = None) -> str:
    """A sequence flow called source_target."""
    inside = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition is not None else ""
    return element("sequenceFlow", f"{source}_{target}", inside, sourceRef=source, targetRef=target)


def path(*names: str) -> str:
    """Flows through these elements in order."""
    return "".join(flow(source, target) for source, target in pairwise(names))


def properties(**values: str) -> str:
    """Extension properties; two underscores stand for a colon."""
    inside = "".join(
        f'<spiffworkflow:property name="{name.replace("__", ":")}" value="{value}" />' for name, value in values.items()
    )
    held = f"<spiffworkflow:properties>{inside}</spiffworkflow:properties>"
    return f"<bpmn:extensionElements>{held}</bpmn:extensionElements>"


def user_task(name: str, /, **values: str) -> str:
    """A user task that lint has nothing to say about, unless these properties make it."""
    given = {"form": "work", "variableName": "work", "candidate_role": "agent", **values}
    return element("userTask", name, properties(**given, name__ro=name), name=name)


def service_task(name: str, operation: str, /, result: str | None = None, **parameters: str) -> str:
    """A service task calling an operation."""
    inside = "".join(
        f'<spiffworkflow:parameter id="{key}" type="any" value="{value}" />' for key, value in parameters.items()
    )
    variable = f' resultVariable="{result}"' if result is not None else ""
    return element(
        "serviceTask",
        name,
        f'<bpmn:extensionElements><spiffworkflow:serviceTaskOperator id="{operation}"{variable}>'
        f"<spiffworkflow:parameters>{inside}</spiffworkflow:parameters>"
        "</spiffworkflow:serviceTaskOperator></bpmn:extensionElements>",
    )


def timer(kind: str, text: str) -> str:
    """A timer event definition."""
    return f"<bpmn:timerEventDefinition><bpmn:{kind}>{text}</bpmn:{kind}></bpmn:timerEventDefinition>"


def message(reference: str = "message_reply") -> str:
    """A message event definition."""
    return f'<bpmn:messageEventDefinition messageRef="{reference}" />'


def diagram(*body: str, key: str = "p", executable: str = "true", top: str = MESSAGE) -> SourceFile:
    """A BPMN file with one process."""
    process = f'<bpmn:process id="{key}" isExecutable="{executable}">{"".join(body)}</bpmn:process>'
    return SourceFile("bpmn", f"{key}.bpmn", f"<bpmn:definitions {SPACES}>{process}{top}</bpmn:definitions>".encode())


def line(*middle: str) -> tuple[str, ...]:
    """Start, one element called x given as `middle`, end."""
    return (element("startEvent", "s"), *middle, element("endEvent", "e"), path("s", "x", "e"))


def table(
    *rows: tuple[list[str], list[str]],
    policy: str = "FIRST",
    inputs: tuple[str, ...] = ("1",),
    outputs: tuple[str, ...] = ("team",),
    key: str = "routing",
    attributes: str = "",
) -> SourceFile:
    """A DMN file with one decision table; each row is its input cells and its output cells."""
    columns = "".join(
        f'<input id="i{n}"><inputExpression id="ie{n}"><text>{text}</text></inputExpression></input>'
        for n, text in enumerate(inputs)
    ) + "".join(f'<output id="o{n}" name="{name}" />' for n, name in enumerate(outputs))
    rules = "".join(
        f'<rule id="r{n}">'
        + "".join(f'<inputEntry id="r{n}i{c}"><text>{cell}</text></inputEntry>' for c, cell in enumerate(tests))
        + "".join(f'<outputEntry id="r{n}o{c}"><text>{cell}</text></outputEntry>' for c, cell in enumerate(answers))
        + "</rule>"
        for n, (tests, answers) in enumerate(rows)
    )
    content = (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="x">'
        f'<decision id="{key}" name="{key}"><decisionTable id="t" hitPolicy="{policy}"{attributes}>'
        f"{columns}{rules}</decisionTable></decision></definitions>"
    )
    return SourceFile("dmn", f"{key}.dmn", content.encode())


def found(*files: SourceFile) -> set[tuple[str, str, str]]:
    """What lint says, as (severity, element, rule)."""
    return {(problem.severity, problem.element, problem.rule) for problem in lint.problems(files)}


def errors(*files: SourceFile) -> set[tuple[str, str]]:
    """The errors that lint finds, as (element, rule)."""
    return {(name, rule) for severity, name, rule in found(*files) if severity == "error"}
