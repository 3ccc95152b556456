"""Months as rows of SQL, so that each month of a history is one range of an index, however much lies outside of it."""

from odoo.tools import SQL

from .period import Period


def month_ranges(env, period: Period) -> SQL:
    """A table `month (name, start, "end")` of the months of the period in the user's time zone, for datetimes."""
    months = list(period.months(env.tz))
    return SQL(
        'UNNEST(%s::varchar[], %s::timestamp[], %s::timestamp[]) AS month (name, start, "end")',
        [month.name for month in months],
        [month.start for month in months],
        [month.end for month in months],
    )


def month_days(period: Period) -> SQL:
    """A table `month (name, first, last)` of the months of the period, for dates."""
    months = list(period.days_by_month())
    return SQL(
        "UNNEST(%s::varchar[], %s::date[], %s::date[]) AS month (name, first, last)",
        [first.strftime("%Y-%m") for first, _last in months],
        [first for first, _last in months],
        [last for _first, last in months],
    )


def local_day(env, column: SQL) -> SQL:
    """The day of a UTC time where the user is, as the documents show it."""
    return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", column, env.tz.zone)
