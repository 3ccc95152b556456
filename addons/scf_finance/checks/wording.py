"""One sentence in two ways: in a package, in English for everybody; on a screen, as its reader writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from openscf.money import Money

from odoo.tools import format_amount, format_date, formatLang
from odoo.tools.translate import LazyGettext, LazyTranslate

from .result import Sentence

_lt = LazyTranslate(__name__)
AND_MORE = _lt("%(documents)s and %(count)s more")
# A sentence names these; its result lists them all.
MOST_NAMED = 3


def in_package(sentence: Sentence, env) -> str:
    """The sentence in English whatever the language of `env`, with dates as in ISO 8601 and the currency's code."""
    return _told(sentence, env(context={**env.context, "lang": "en_US"})._, _plain)


def on_screen(sentence: Sentence, env) -> str:
    """The sentence in the language of `env`, with its dates, numbers and amounts."""
    return _told(sentence, env._, lambda value: _local(value, env))


def term_on_screen(term: LazyGettext, env) -> str:
    """A fixed term in the language of `env`."""
    translate = env._
    return translate(term)


def number_on_screen(value: Decimal, env) -> str:
    """A figure as the reader writes it, with the decimals that it has."""
    return formatLang(env, float(value), digits=max(-value.as_tuple().exponent, 0))


def _told(sentence: Sentence, translate: Callable, write: Callable) -> str:
    words = {name: _word(value, translate, write) for name, value in sentence.params.items()}
    # The words are filled in here: a lazy term takes its own only where it is made.
    text = translate(sentence.template)
    return text % words if words else text


def _word(value, translate: Callable, write: Callable) -> str:
    if isinstance(value, LazyGettext):
        return translate(value)
    return _listed(value, translate) if isinstance(value, (list, tuple)) else write(value)


def _listed(names, translate: Callable) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    if len(names) <= MOST_NAMED:
        return shown
    return translate(AND_MORE) % {"documents": shown, "count": len(names) - MOST_NAMED}


def _plain(value) -> str:
    if isinstance(value, Money):
        return f"{value.currency} {value.amount:,}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _local(value, env) -> str:
    if isinstance(value, Money):
        currency = env["res.currency"].with_context(active_test=False).search([("name", "=", value.currency)], limit=1)
        return format_amount(env, float(value.amount), currency)
    if isinstance(value, date):
        return format_date(env, value)
    return number_on_screen(value, env) if isinstance(value, Decimal) else str(value)
