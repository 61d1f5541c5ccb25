"""Plans as BPMN XML. The library's copy differs only where the table of exceptions says so."""

from __future__ import annotations

from dataclasses import dataclass

from app.engine.xml import SourceFile
from bench.walks.blocks import SAID, Block, Boundary, Plan

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="d" targetNamespace="walks">'
)
# An element and the condition of the flow that will leave it.
Way = tuple[str, str | None]
DEFAULT = "the default flow"


@dataclass
class _Level:
    """The process or sub-process that is being drawn."""

    elements: list[str]
    # Whether what is drawn now may run more than once on this level.
    repeats: bool = False


def draw(plan: Plan, *, for_library: bool) -> list[SourceFile]:
    """The diagram, as one file."""
    drawer = _Drawer(plan, for_library)
    return [SourceFile("bpmn", "p.bpmn", drawer.file().encode())]


class _Drawer:
    def __init__(self, plan: Plan, for_library: bool) -> None:
        self.plan = plan
        self.for_library = for_library
        self.flows = 0
        self.processes: list[str] = []
        self.messages: list[str] = []
        # How many paths of boundary events lie around what is drawn now.
        self.behind_events = 0

    def file(self) -> str:
        self.process("p", self.plan.root)
        messages = "".join(f'<bpmn:message id="msg_{name}" name="msg_{name}"/>' for name in self.messages)
        return f"{HEAD}{messages}{''.join(self.processes)}</bpmn:definitions>"

    def process(self, key: str, block: Block) -> None:
        inside = self.content(key, block)
        self.processes.append(f'<bpmn:process id="{key}" isExecutable="true">{inside}</bpmn:process>')

    def content(self, key: str, block: Block, start: str = "") -> str:
        level = _Level([])
        level.elements.append(f'<bpmn:startEvent id="{key}_start"{start}</bpmn:startEvent>' if start else "")
        if not start:
            level.elements.append(f'<bpmn:startEvent id="{key}_start"/>')
        way: Way = (f"{key}_start", None)
        way = self.place(level, block.parts[0], way)
        self.end(level, way, f"{key}_end")
        for listener in block.hears:
            head = f' isInterrupting="false">{self.event(listener.name, listener.event)}'
            inside = self.content(listener.name, listener, start=head)
            level.elements.append(
                f'<bpmn:subProcess id="{listener.name}" triggeredByEvent="true">{inside}</bpmn:subProcess>'
            )
        return "".join(level.elements)

    def place(self, level: _Level, block: Block, way: Way) -> Way:
        """Draw a block behind `way`; the way out of it."""
        result: Way = getattr(self, f"place_{block.kind}")(level, block, way)
        return result

    def place_sequence(self, level: _Level, block: Block, way: Way) -> Way:
        for part in block.parts:
            way = self.place(level, part, way)
        return way

    def place_user(self, level: _Level, block: Block, way: Way) -> Way:
        return self.activity(level, block, way, f'<bpmn:userTask id="{block.name}"/>')

    def place_instances(self, level: _Level, block: Block, way: Way) -> Way:
        if self.for_library and self.behind_events:
            # instances-behind-event
            self.add(level, way, f"{block.name}_pass", f'<bpmn:exclusiveGateway id="{block.name}_pass"/>')
            way = (f"{block.name}_pass", None)
        loop = (
            f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(block.one_by_one).lower()}">'
            f"<bpmn:loopCardinality>{block.count}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
        )
        return self.activity(level, block, way, f'<bpmn:userTask id="{block.name}">{loop}</bpmn:userTask>')

    def place_script(self, level: _Level, block: Block, way: Way) -> Way:
        return self.script(level, way, block.name, f"{block.name} = {block.expressions[0]}")

    def place_sub(self, level: _Level, block: Block, way: Way) -> Way:
        inside = self.content(block.name, block)
        return self.activity(level, block, way, f'<bpmn:subProcess id="{block.name}">{inside}</bpmn:subProcess>')

    def place_call(self, level: _Level, block: Block, way: Way) -> Way:
        self.process(f"called_{block.name}", block)
        text = f'<bpmn:callActivity id="{block.name}" calledElement="called_{block.name}"/>'
        return self.activity(level, block, way, text)

    def place_catch(self, level: _Level, block: Block, way: Way) -> Way:
        self.catch(level, way, block.name, block.name, block.event)
        return (block.name, None)

    def place_gateway(self, level: _Level, block: Block, way: Way) -> Way:
        self.add(level, way, block.name, f'<bpmn:eventBasedGateway id="{block.name}"/>')
        ways = []
        for event, part in zip(("message", "timer"), block.parts, strict=True):
            self.catch(level, (block.name, None), f"{block.name}_{event}", block.name, event)
            ways.append(self.place(level, part, (f"{block.name}_{event}", None)))
        return self.merge(level, ways, f"{block.name}_merge")

    def place_xor(self, level: _Level, block: Block, way: Way) -> Way:
        self.add(level, way, block.name, f'<bpmn:exclusiveGateway id="{block.name}" default="{block.name}_default"/>')
        ways = []
        for part, condition in zip(block.parts, [DEFAULT, *block.expressions], strict=True):
            ways.append(self.place(level, part, (block.name, condition)))
        return self.merge(level, ways, f"{block.name}_merge")

    def place_and(self, level: _Level, block: Block, way: Way) -> Way:
        if self.for_library and level.repeats:
            # join-in-loop
            inside = _Level([f'<bpmn:startEvent id="{block.name}_wrap_start"/>'])
            left = self.place_and(inside, block, (f"{block.name}_wrap_start", None))
            self.end(inside, left, f"{block.name}_wrap_end")
            text = "".join(inside.elements)
            return self.add(
                level, way, f"{block.name}_wrap", f'<bpmn:subProcess id="{block.name}_wrap">{text}</bpmn:subProcess>'
            )
        self.add(level, way, block.name, f'<bpmn:parallelGateway id="{block.name}"/>')
        ways = []
        for number, part in enumerate(block.parts):
            branch: Way = (block.name, None)
            if self.for_library:
                # join-merges-old-values
                others = (other.writes() for other in block.parts if other is not part)
                gone = sorted(set().union(*others) - part.writes())
                if gone:
                    text = "\n".join(f"globals().pop('{name}', None)" for name in gone)
                    branch = self.script(level, branch, f"{block.name}_forget{number}", text)
            ways.append(self.place(level, part, branch))
        join = f"{block.name}_join"
        level.elements.append(f'<bpmn:parallelGateway id="{join}"/>')
        for each in ways:
            self.flow(level, each, join)
        return (join, None)

    def place_loop(self, level: _Level, block: Block, way: Way) -> Way:
        name, outer = block.name, level.repeats
        level.repeats = True
        self.add(level, way, f"{name}_again", f'<bpmn:exclusiveGateway id="{name}_again"/>')
        way = self.script(level, (f"{name}_again", None), f"{name}_count", f"{name} = {name} + 1")
        way = self.place(level, block.parts[0], way)
        self.add(level, way, name, f'<bpmn:exclusiveGateway id="{name}" default="{name}_default"/>')
        self.flow(level, (name, block.expressions[0]), f"{name}_again")
        way = self.script(level, (name, DEFAULT), f"{name}_done", f"{name} = 0")
        level.repeats = outer
        return way

    def activity(self, level: _Level, block: Block, way: Way, text: str) -> Way:
        """An activity with the events on its edge; the way out is behind all interrupting ones."""
        self.add(level, way, block.name, text)
        ways: list[Way] = [(block.name, None)]
        for boundary in block.boundaries:
            self.boundary(level, block, boundary, ways)
        return self.merge(level, ways, f"{block.name}_merge") if len(ways) > 1 else ways[0]

    def boundary(self, level: _Level, block: Block, boundary: Boundary, ways: list[Way]) -> None:
        cancels = str(boundary.interrupting).lower()
        level.elements.append(
            f'<bpmn:boundaryEvent id="{boundary.name}" attachedToRef="{block.name}" cancelActivity="{cancels}">'
            f"{self.event(boundary.name, boundary.event)}</bpmn:boundaryEvent>"
        )
        outer = level.repeats
        level.repeats = outer or not boundary.interrupting
        self.behind_events += 1
        way = self.place(level, boundary.path, (boundary.name, None))
        self.behind_events -= 1
        level.repeats = outer
        if boundary.interrupting:
            ways.append(way)
        else:
            self.end(level, way, f"{boundary.name}_end")

    def merge(self, level: _Level, ways: list[Way], name: str) -> Way:
        level.elements.append(f'<bpmn:exclusiveGateway id="{name}"/>')
        for way in ways:
            self.flow(level, way, name)
        return (name, None)

    def script(self, level: _Level, way: Way, name: str, text: str) -> Way:
        return self.add(
            level, way, name, f'<bpmn:scriptTask id="{name}"><bpmn:script>{text}</bpmn:script></bpmn:scriptTask>'
        )

    def catch(self, level: _Level, way: Way, name: str, about: str, event: str) -> None:
        inside = self.event(about, event)
        self.add(level, way, name, f'<bpmn:intermediateCatchEvent id="{name}">{inside}</bpmn:intermediateCatchEvent>')

    def event(self, name: str, event: str) -> str:
        if event == "message":
            self.messages.append(name)
            return (
                f'<bpmn:messageEventDefinition id="def_{name}" messageRef="msg_{name}"><bpmn:extensionElements>'
                f"<spiffworkflow:messageVariable>{name}{SAID}</spiffworkflow:messageVariable></bpmn:extensionElements>"
                "</bpmn:messageEventDefinition>"
            )
        length = self.plan.minutes[name]
        tag, text = ("timeCycle", f"R3/PT{length}M") if event == "cycle" else ("timeDuration", f"PT{length}M")
        return f'<bpmn:timerEventDefinition><bpmn:{tag}>"{text}"</bpmn:{tag}></bpmn:timerEventDefinition>'

    def add(self, level: _Level, way: Way, name: str, text: str) -> Way:
        level.elements.append(text)
        self.flow(level, way, name)
        return (name, None)

    def end(self, level: _Level, way: Way, name: str) -> None:
        self.add(level, way, name, f'<bpmn:endEvent id="{name}"/>')

    def flow(self, level: _Level, way: Way, target: str) -> None:
        self.flows += 1
        source, condition = way
        is_default = condition == DEFAULT
        name = f"{source}_default" if is_default else f"flow{self.flows}"
        inside = (
            f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition and not is_default else ""
        )
        level.elements.append(
            f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inside}</bpmn:sequenceFlow>'
        )
