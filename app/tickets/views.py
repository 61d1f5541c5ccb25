"""The screens of tickets, each in files of its own.

The list is in `list_views`, `saved_view_views` and `bulk_views`, taking a request down in `new_views`, the page of a
ticket in `page_views` and `change_views`.
"""

from __future__ import annotations

from app.tickets import bulk_views, change_views, list_trail, list_views, new_views, page_views, saved_view_views
from app.tickets.blueprint import blueprint

__all__ = ["blueprint"]

# Importing them registers them.
OWN_VIEWS = (list_views.index, bulk_views.bulk, saved_view_views.save_view, new_views.new)
PAGE_VIEWS = (page_views.show, change_views.assign)
OWN_LISTS = (list_trail.tickets_of_list,)
