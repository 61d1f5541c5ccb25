"""A company to try the desk on: its people, customers, contracts and the requests of the last two weeks.

Everything is made through the same service functions that pages and mails use, at the moments at which it would have
happened, with the timers that came due in between. Loaded into an empty desk only.
"""

from app.demo.company import accounts
from app.demo.loading import load

__all__ = ["accounts", "load"]
