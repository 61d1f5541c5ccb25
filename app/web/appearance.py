"""How the desk looks to its reader: what they chose in this browser, else in their profile."""

from flask import Flask, Response, request
from flask_login import current_user
from markupsafe import Markup

from app.people.models import Density, Theme

COOKIE = "theme"
YEAR_SECONDS = 31_536_000
_SEEN = (Theme.LIGHT, Theme.DARK)


def chosen_theme() -> str:
    """`light`, `dark`, or empty for what the reader's system says. The button of this browser comes first."""
    in_browser = request.cookies.get(COOKIE)
    if in_browser in _SEEN:
        return str(in_browser)
    own = current_user.theme if current_user.is_authenticated else Theme.SYSTEM
    return str(own) if own in _SEEN else ""


def remember_theme(answer: Response, theme: str) -> None:
    """Let this browser show what somebody has just chosen, also on pages that ask nobody to sign in."""
    if theme in _SEEN:
        # Scripts write it too, at the button that changes it.
        answer.set_cookie(COOKIE, theme, max_age=YEAR_SECONDS, samesite="Lax")
    else:
        answer.delete_cookie(COOKIE, samesite="Lax")


def body_choices() -> Markup:
    """Attributes of the page's body by which styles and scripts follow the reader's choices."""
    if not current_user.is_authenticated:
        return Markup("")
    dense = Markup(' data-density="dense"') if current_user.density == Density.DENSE else Markup("")
    return dense + (Markup("") if current_user.single_keys else Markup(' data-keys="off"'))


def init(app: Flask) -> None:
    """Offer the choices to the layouts."""
    app.jinja_env.globals.update(chosen_theme=chosen_theme, body_choices=body_choices)
