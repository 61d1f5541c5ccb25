"""What the environment says about mail, in words; secrets are only said to be there."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from app.config import Settings
from app.web.formats import file_size


@dataclass(frozen=True)
class Setting:
    """One setting as it is read; `variable` is where it is set."""

    name: str
    value: str
    variable: str
    is_missing: bool = False


def groups_of_settings(settings: Settings) -> list[tuple[str, list[Setting]]]:
    """The settings of mail, in groups with a title."""
    return [
        (_("The desk"), _of_desk(settings)),
        (_("Going out"), _going_out(settings)),
        (_("Coming in"), _coming_in(settings)),
    ]


def _of_desk(settings: Settings) -> list[Setting]:
    return [
        Setting(_("Sender"), f"{settings.desk_name} <{settings.desk_email}>", "SUPORT_DESK_EMAIL"),
        Setting(_("Links in mails lead to"), settings.base_url, "SUPORT_BASE_URL"),
    ]


def _going_out(settings: Settings) -> list[Setting]:
    if not settings.smtp_host:
        return [Setting(_("Mail server"), _("none: mail is kept, not sent"), "SUPORT_SMTP_HOST", is_missing=True)]
    security = {"starttls": "STARTTLS", "tls": "TLS", "ssl": "TLS"}.get(settings.smtp_security, _("none"))
    server = f"{settings.smtp_host}:{settings.smtp_port}"
    seconds = round(settings.smtp_timeout_seconds)
    return [
        Setting(_("Mail server"), server, "SUPORT_SMTP_HOST, SUPORT_SMTP_PORT"),
        Setting(_("Encryption"), security, "SUPORT_SMTP_SECURITY"),
        Setting(_("User"), settings.smtp_user or _("none"), "SUPORT_SMTP_USER"),
        Setting(
            _("Password"),
            _("set, not shown") if settings.smtp_password else _("none"),
            "SUPORT_SMTP_PASSWORD",
            is_missing=bool(settings.smtp_user and not settings.smtp_password),
        ),
        Setting(
            _("Waits for the server"),
            ngettext("%(num)d second", "%(num)d seconds", seconds),
            "SUPORT_SMTP_TIMEOUT_SECONDS",
        ),
        Setting(
            _("Notices to one address about one request"),
            _(
                "at most %(count)s within %(minutes)s minutes",
                count=settings.mail_window_count,
                minutes=settings.mail_window_minutes,
            ),
            "SUPORT_MAIL_WINDOW_COUNT, SUPORT_MAIL_WINDOW_MINUTES",
        ),
    ]


def _coming_in(settings: Settings) -> list[Setting]:
    receiver = f"{settings.receiver_host}:{settings.receiver_port}"
    return [
        Setting(_("The receiver listens at"), receiver, "SUPORT_RECEIVER_HOST, SUPORT_RECEIVER_PORT"),
        Setting(_("Largest mail"), file_size(settings.mail_max_bytes), "SUPORT_MAIL_MAX_BYTES"),
    ]
