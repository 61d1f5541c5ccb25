"""How moments, durations and names look: short in the page, exact on hover, in the reader's zone and language."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.dates import format_date, get_timezone_name
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.numbers import format_percent as babel_percent
from flask import Flask
from flask_babel import get_locale, get_timezone, ngettext
from flask_babel import gettext as _
from markupsafe import Markup, escape

from app import clock
from app.people.addresses import has_mail
from app.texts import translated
from app.web.language import reader_language

NBSP = "\u00a0"
# Day before month in both: the desk is European, whatever "en" alone would mean.
DAY_PATTERNS = {
    "en": {"short": "EEE d MMM", "year": "d MMM y", "long": "EEEE d MMMM", "long_year": "EEEE d MMMM y"},
    "ro": {"short": "EEE, d MMM", "year": "d MMM y", "long": "EEEE, d MMMM", "long_year": "EEEE, d MMMM y"},
}


def duration(minutes: int | None) -> str:
    """Minutes as `25 min` or `1 h 05`, with no-break spaces; None is a dash."""
    if minutes is None:
        return "–"
    sign, minutes = ("−" if minutes < 0 else ""), abs(minutes)
    hours, rest = divmod(minutes, 60)
    return f"{sign}{hours}{NBSP}h{NBSP}{rest:02}" if hours else f"{sign}{rest}{NBSP}min"


def long_duration(minutes: int) -> str:
    """Minutes as `25 min` or `1 h 05`, and from a day on as `3 days`."""
    days = minutes // (24 * 60)
    return str(ngettext("%(num)d day", "%(num)d days", days)).replace(" ", NBSP) if days else duration(minutes)


def late_duration(minutes: int, kind: str) -> str:
    """How late a deadline is: a clock counts working time, whose days are not days; a task's own due time does."""
    if kind == "task":
        return long_duration(minutes)
    return hours(minutes // 60 * 60) if minutes >= 24 * 60 else duration(minutes)


def hours(minutes: int | None) -> str:
    """Minutes as hours: `8 h 45`, and `40 h` when they are whole."""
    if minutes is None:
        return "–"
    whole, rest = divmod(abs(minutes), 60)
    sign = "−" if minutes < 0 else ""
    return f"{sign}{whole}{NBSP}h" if rest == 0 else f"{sign}{whole}{NBSP}h{NBSP}{rest:02}"


def local(moment: datetime) -> datetime:
    """The moment in the reader's zone."""
    return moment.astimezone(get_timezone())


def clock_time(moment: datetime) -> str:
    """The hour and minute, `14:10`."""
    return f"{local(moment):%H:%M}"


def day(moment: datetime | date) -> str:
    """A day as people say it: today, yesterday, tomorrow, else `Fri 27 Nov`, with the year when it is another."""
    on = local(moment).date() if isinstance(moment, datetime) else moment
    today = local(clock.now()).date()
    distance = (on - today).days
    if -1 <= distance <= 1:
        return str(_("today") if distance == 0 else _("yesterday") if distance < 0 else _("tomorrow"))
    return _pattern(on, "short" if on.year == today.year else "year")


def long_day(moment: datetime | date) -> str:
    """A day as a heading: `Today`, `Friday 27 November`."""
    on = local(moment).date() if isinstance(moment, datetime) else moment
    today = local(clock.now()).date()
    if on == today:
        return str(_("Today"))
    if (today - on).days == 1:
        return str(_("Yesterday"))
    return _pattern(on, "long" if on.year == today.year else "long_year")


def is_today(moment: datetime) -> bool:
    """Whether the moment is on the reader's present day."""
    return local(moment).date() == local(clock.now()).date()


def when(moment: datetime) -> str:
    """A moment as people say it: `today, 14:10`, `Fri 27 Nov, 09:30`."""
    return f"{day(moment)}, {clock_time(moment)}"


def exact(moment: datetime) -> str:
    """The full moment with its zone, for hovering."""
    here = local(moment)
    zone = _zone_name(here, _language())
    return f"{_pattern(here.date(), 'long_year')}, {here:%H:%M:%S} {zone}"


def moment_tag(moment: datetime | None, style: str = "when") -> Markup:
    """A `<time>` whose words are short and whose title is exact. Styles: when, time, day, long_day."""
    if moment is None:
        return Markup("–")
    words = {"when": when, "time": clock_time, "day": day, "long_day": long_day}[style](moment)
    return _time_tag(moment, exact(moment), words)


def moments() -> Callable[[datetime | None], Markup]:
    """What `moment_tag` does, for lists: who reads, and when, is asked once for all of their moments."""
    zone, today, locale = get_timezone(), local(clock.now()).date(), _language()
    patterns = DAY_PATTERNS.get(reader_language(), DAY_PATTERNS["en"])
    near = {-1: str(_("yesterday")), 0: str(_("today")), 1: str(_("tomorrow"))}

    def tag(moment: datetime | None) -> Markup:
        if moment is None:
            return Markup("–")
        here = moment.astimezone(zone)
        on = here.date()
        said = near.get((on - today).days) or _written_day(
            on, patterns["short" if on.year == today.year else "year"], locale
        )
        title = f"{_written_day(on, patterns['long_year'], locale)}, {here:%H:%M:%S} {_zone_name(here, locale)}"
        return _time_tag(moment, title, f"{said}, {here:%H:%M}")

    return tag


def _time_tag(moment: datetime, title: str, words: str) -> Markup:
    return Markup(f'<time datetime="{moment.isoformat()}" title="{escape(title)}">{escape(words)}</time>')


def full_date(on: date) -> str:
    """A date with its year, by locale."""
    return _pattern(on, "year")


def day_month(on: date) -> str:
    """A day of a calendar without its year: `14 Sep`."""
    return str(format_date(on, "d MMM", locale=get_locale()))


def month(on: date) -> str:
    """A month alone: `Sep`."""
    return str(format_date(on, "LLL", locale=get_locale()))


def month_year(on: date) -> str:
    """A month with its year: `September 2026`."""
    return str(format_date(on, "LLLL y", locale=get_locale()))


def decimal(value: float) -> str:
    """A number with one decimal by locale, none when it is whole."""
    return str(format_decimal(value, "0.#", locale=get_locale()))


def percent(value: float) -> str:
    """A share of 100 with one decimal at most, such as `97.1%`."""
    share = Decimal(str(round(value, 1))) / 100
    return str(babel_percent(share, locale=get_locale(), decimal_quantization=False))


def file_size(size: int) -> str:
    """Bytes as `84 kB` or `1.2 MB`, decimals by locale."""
    if size < 1000:
        return f"{size}{NBSP}B"
    if size < 1_000_000:
        return f"{round(size / 1000)}{NBSP}kB"
    return f"{format_decimal(size / 1_000_000, '0.0', locale=get_locale())}{NBSP}MB"


def number(value: int) -> str:
    """A whole number with its thousands parted, by locale."""
    return str(format_decimal(value, locale=get_locale()))


def paragraphs(text: str) -> Markup:
    """Plain text as paragraphs: blank lines part them, single line breaks stay; everything is escaped."""
    blocks = [block.strip("\n") for block in text.replace("\r\n", "\n").split("\n\n")]
    lines = (Markup("<br>").join(escape(line) for line in block.split("\n")) for block in blocks if block.strip())
    return Markup("").join(Markup("<p>{}</p>").format(line) for line in lines)


def address(text: str) -> Markup:
    """An e-mail address that breaks where people read a pause: before the @ and after a dot."""
    if not has_mail(text):
        return escape(_("no e-mail address"))
    return Markup("").join(
        Markup("<wbr>@") if piece == "@" else Markup(".<wbr>") if piece == "." else escape(piece)
        for piece in re.split(r"([@.])", text)
    )


def initials(name: str | None) -> str:
    """One or two letters for an avatar."""
    words = (name or "?").replace("@", " ").split() or ["?"]
    return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970, as scripts count them."""
    return int(moment.timestamp() * 1000)


def time_ahead() -> str:
    """How far a demo moved the desk's time forward, in words; empty when it did not."""
    minutes = int(clock.offset().total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    if not minutes:
        return ""
    parts = [ngettext("%(num)d day", "%(num)d days", days)] if days else []
    return ", ".join(parts + ([duration(rest)] if rest else []))


def in_a_row(words: Iterable[str]) -> str:
    """Names in a sentence, as the reader's language lists them: `Rețele, Suport și Teren Cluj`."""
    return str(format_list(list(words), locale=get_locale()))


def in_reader_language(texts: dict[str, str] | None) -> str:
    """The reader's language out of {"en": …, "ro": …}."""
    return translated(texts, reader_language())


def _pattern(on: date, style: str) -> str:
    patterns = DAY_PATTERNS.get(reader_language(), DAY_PATTERNS["en"])
    return _written_day(on, patterns[style], _language())


def _language() -> str:
    """The language that is spoken now: the reader's, or the one a mail is written in."""
    return str(get_locale().language)


# A list names the same days and zones over and over, and looking up how a language writes them takes long.
@lru_cache(maxsize=4096)
def _written_day(on: date, pattern: str, locale: str) -> str:
    return str(format_date(on, pattern, locale=locale))


def _zone_name(here: datetime, locale: str) -> str:
    """What the zone of a local moment is called: `Eastern European Standard Time`."""
    known = (str(here.tzinfo), here.utcoffset(), bool(here.dst()), locale)
    if known not in _zone_names:
        _zone_names[known] = str(get_timezone_name(here, locale=locale))
    return _zone_names[known]


# There are as many as zones that people chose, twice a year and in each language.
_zone_names: dict[tuple[str, timedelta | None, bool, str], str] = {}


def _unbroken(say: Callable[[Any], str]) -> Callable[[Any], str]:
    """The same words with no-break spaces: a line never ends inside a date."""
    return lambda moment: say(moment).replace(" ", NBSP)


def init(app: Flask) -> None:
    """Offer these as template filters, and the desk's time as `now()`."""
    app.jinja_env.filters.update(
        duration=duration,
        late_duration=late_duration,
        long_duration=long_duration,
        hours=hours,
        when=_unbroken(when),
        is_today=is_today,
        clock_time=clock_time,
        day=_unbroken(day),
        long_day=long_day,
        moment=moment_tag,
        full_date=_unbroken(full_date),
        day_month=_unbroken(day_month),
        month=month,
        month_year=month_year,
        decimal=decimal,
        percent=percent,
        file_size=file_size,
        number=number,
        paragraphs=paragraphs,
        initials=initials,
        address=address,
        has_mail=has_mail,
        epoch_ms=epoch_ms,
        in_a_row=in_a_row,
        texts=in_reader_language,
        exact=exact,
    )
    app.jinja_env.globals.update(now=clock.now, language=reader_language, time_ahead=time_ahead, moments=moments)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
