"""How far a request is, told from the diagram."""

from datetime import UTC, datetime, timedelta

from app.portal.progress import Place, Step, Visit, stages, steps_of

NINE = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
STEPS = (
    Step({"en": "Received", "ro": "Primită"}, frozenset({"take_over"})),
    Step({"en": "We wait for you"}, frozenset({"ask"})),
    Step({"en": "In progress"}, frozenset({"work"})),
)
DIAGRAM = """<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
  xmlns:s="http://spiffworkflow.org/bpmn/schema/1.0/core"><bpmn:process id="p">
  <bpmn:userTask id="late"><bpmn:extensionElements><s:properties>
    <s:property name="customer_step" value="Working"/><s:property name="customer_step:ro" value="Lucrăm"/>
  </s:properties></bpmn:extensionElements></bpmn:userTask>
  <bpmn:userTask id="early"><bpmn:extensionElements><s:properties>
    <s:property name="customer_step" value="Received"/></s:properties></bpmn:extensionElements></bpmn:userTask>
  <bpmn:userTask id="again"><bpmn:extensionElements><s:properties>
    <s:property name="customer_step" value="Working"/></s:properties></bpmn:extensionElements></bpmn:userTask>
  <bpmn:userTask id="silent"/></bpmn:process>
  <bpmndi:BPMNDiagram><bpmndi:BPMNPlane>
    <bpmndi:BPMNShape bpmnElement="late"><dc:Bounds x="300" y="0" width="1" height="1"/></bpmndi:BPMNShape>
    <bpmndi:BPMNShape bpmnElement="early"><dc:Bounds x="100" y="0" width="1" height="1"/></bpmndi:BPMNShape>
    <bpmndi:BPMNShape bpmnElement="again"><dc:Bounds x="500" y="0" width="1" height="1"/></bpmndi:BPMNShape>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>"""


def visit(element: str, minutes: int, *, left: bool = True) -> Visit:
    entered_at = NINE + timedelta(minutes=minutes)
    return Visit(element, entered_at, entered_at + timedelta(minutes=1) if left else None)


def test_steps_with_the_same_words_are_one_and_stand_as_they_are_drawn() -> None:
    received, working = steps_of(DIAGRAM)

    assert received.texts == {"en": "Received"}
    assert working.texts == {"en": "Working", "ro": "Lucrăm"}
    assert working.elements == {"late", "again"}


def test_a_step_nobody_needed_is_left_out_once_it_is_passed() -> None:
    told = stages(STEPS, [visit("take_over", 0), visit("work", 5, left=False)], is_over=False, language="en")

    assert [(stage.words, stage.place) for stage in told] == [("Received", Place.DONE), ("In progress", Place.HERE)]
    assert told[1].since == NINE + timedelta(minutes=5)


def test_a_request_that_went_back_has_its_later_steps_ahead_again() -> None:
    visits = [visit("take_over", 0), visit("work", 5), visit("take_over", 9, left=False)]

    told = stages(STEPS, visits, is_over=False, language="ro")

    assert [(stage.words, stage.place) for stage in told] == [
        ("Primită", Place.HERE),
        ("We wait for you", Place.AHEAD),
        ("In progress", Place.AHEAD),
    ]


def test_between_two_steps_a_request_is_still_at_the_one_it_reached_last() -> None:
    told = stages(STEPS, [visit("take_over", 0), visit("send_mail", 2, left=False)], is_over=False, language="en")

    assert told[0].place is Place.HERE


def test_when_it_is_over_nothing_lies_ahead() -> None:
    told = stages(STEPS, [visit("take_over", 0), visit("work", 5)], is_over=True, language="en")

    assert {stage.place for stage in told} == {Place.DONE}
