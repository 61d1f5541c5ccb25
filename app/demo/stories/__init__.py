"""The requests of the demo, by what they are about. Moments and verbs are those of `telling`."""

from __future__ import annotations

from app.demo.stories.devices import DEVICES
from app.demo.stories.network import NETWORK
from app.demo.stories.programs import PROGRAMS
from app.demo.stories.wishes import WISHES
from app.demo.telling import Story

STORIES: tuple[Story, ...] = (*NETWORK, *DEVICES, *PROGRAMS, *WISHES)
