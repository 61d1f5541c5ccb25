"""Where the library is known to be wrong, and what the walks do there instead of comparing with it as it is.

The one table of exceptions: everything else is compared in full after every action.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownFault:
    """One known fault of the library and how narrow the way around it is."""

    name: str
    fault: str
    instead: str


EXCEPTIONS = (
    KnownFault(
        "join-in-loop",
        "Its AND-join counts arrivals of earlier rounds of the same process level, fires early and then crashes.",
        "In a part that repeats, the library's copy of the diagram has the split and its join inside a sub-process, "
        "which gives each round arrivals of its own; what people and events see is the same by BPMN. A "
        "non-interrupting event directly in such a branch would keep the sub-process open, so the generator draws "
        "none; the tests have one by hand.",
    ),
    KnownFault(
        "join-merges-old-values",
        "Its AND-join merges everything that each branch holds, so the old value of a variable that one branch never "
        "touched overwrites the new one from the branch that did.",
        "In the library's copy each branch begins by forgetting the variables that only its siblings write. At tasks "
        "inside the branch those variables are compared on neither side; behind the join they are.",
    ),
    KnownFault(
        "ends-merge-old-values",
        "The end of a process merges whatever each end event holds, the same way.",
        "Where an event begins a path with an end of its own, the variables are not compared when the process is over; "
        "those of such a sub-process, and those that siblings of such an event in an AND branch write, nowhere, and no "
        "condition reads them. The tests say what each must be.",
    ),
    KnownFault(
        "instances-merge-old-values",
        "So does a multi-instance task that does all at once: what one instance left alone overwrites what another has "
        "changed. Ours takes over what each has changed, so an answer that repeats the value from before them all "
        "counts as none.",
        "Answers change the value they find.",
    ),
    KnownFault(
        "overdue-timers",
        "It fires overdue timers in the order in which they began to wait, whatever their due times, and some of them "
        "whenever another task completes.",
        "Both sides are told to look at one overdue timer at a time, earliest first. When one of several would cancel "
        "what another stands on, the clock moves only just past the first.",
    ),
    KnownFault(
        "overdue-cycles",
        "It fires an overdue repetition once per round missed; ours fires once for all of them.",
        "While a repetition waits, the clock moves no further than just past its next round. What happens to several "
        "missed rounds has a fixed expectation in the tests.",
    ),
    KnownFault(
        "ended-cycles",
        "It keeps a repetition without rounds left waiting until it next looks at it, then ends it; ours just waits "
        "until its activity ends.",
        "A repetition with no round left counts as not waiting, on both sides.",
    ),
    KnownFault(
        "cycle-flows-cancelled",
        "When an activity ends while its repetition still waits, it cancels what the repetition started, and crashes "
        "when that holds a sub-process; when no round was left it lets it go on. Ours always lets it go on.",
        "What a repetition starts runs through without waiting in the generated diagrams.",
    ),
    KnownFault(
        "instances-behind-event",
        "A multi-instance task on the path of a boundary event crashes, unless a gateway stands before it: its "
        "instances are made below a task that is still only predicted.",
        "The library's copy has a gateway with one way out before such a task.",
    ),
    KnownFault(
        "cells-run-together",
        "It writes a decision table's input and cell side by side without a space: `ticket.teamis not None`.",
        'In its copy of the shipped tables "is not None" is written "!= None".',
    ),
    KnownFault(
        "shared-specs",
        "A message or signal that begins an event sub-process changes the diagram in memory, so that the next instance "
        "begins with the sub-process already there.",
        "Each walk through such a diagram has a copy of it for the library.",
    ),
    KnownFault(
        "message-without-variable",
        "It drops what a message says when the event names no variable; ours keeps it under the message's name.",
        "In the shipped processes the variables named after their messages are not compared.",
    ),
)
