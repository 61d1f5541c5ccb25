"""Which regular expressions a form may ask of an answer: those that end in time whatever is typed."""

from __future__ import annotations

import re


def is_slow_pattern(pattern: str) -> bool:
    """Whether a regular expression could need time that explodes with the text: a repeated group that repeats or
    branches inside, a back reference, or very many repeats.
    """
    if len(pattern) > 300 or re.search(r"\\[1-9]|\(\?P=|\(\?\(", pattern):
        return True
    # Escapes and character classes hold no operators.
    bare = re.sub(r"\\.", "x", pattern)
    bare = re.sub(r"\[\^?\]?[^\]]*\]", "x", bare)
    open_groups: list[bool] = []
    repeats = 0
    for place, character in enumerate(bare):
        repeated = re.match(r"[*+]|\{\d*,?\d*\}", bare[place:]) is not None
        if character == "(":
            open_groups.append(False)
        elif character == ")":
            inner = open_groups.pop() if open_groups else False
            if inner and re.match(r"[*+]|\{\d*,?\d*\}", bare[place + 1 :]):
                return True
            if open_groups:
                open_groups[-1] = open_groups[-1] or inner
        elif (repeated or character == "|") and open_groups:
            open_groups[-1] = True
        repeats += repeated
    return repeats > 8
