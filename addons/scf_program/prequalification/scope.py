"""What is read: whose trade, over which days, in which currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

import pytz
from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.tools import SQL

HISTORY_MONTHS = 24


@dataclass(frozen=True)
class Scope:
    """The purchases of one company and its branches, from `start` to `as_of`, both included.

    The days are those of the company, not of whoever looks, so that everybody reads the same.

    :ivar company: `res.company`; its branches belong to it, other companies do not
    :ivar currency: `res.currency` that all amounts are given in
    :ivar supplier_ids: commercial partners whose trade is told
    """

    company: Any
    currency: Any
    supplier_ids: tuple[int, ...]
    as_of: date
    months: int = HISTORY_MONTHS

    @classmethod
    def until_today(cls, company, currency, suppliers) -> Scope:
        """The trade with some suppliers (`res.partner`) up to the company's today."""
        return cls(company, currency, tuple(suppliers.ids), today_of(company))

    @property
    def env(self):
        return self.company.env

    @property
    def start(self) -> date:
        """The first day, `months` before the day after `as_of`."""
        return self.as_of + timedelta(days=1) - relativedelta(months=self.months)

    @cached_property
    def company_ids(self) -> list[int]:
        return self.env["res.company"].sudo().search([("id", "child_of", self.company.id)]).ids

    @cached_property
    def has_kits(self) -> bool:
        """Whether one line of an order may come as several products: then Odoo's manufacturing is installed."""
        return "mrp.bom" in self.env

    @property
    def zone(self) -> str:
        return zone_of(self.company)

    def local_day(self, column: SQL) -> SQL:
        """The company's day of a UTC time."""
        return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", column, self.zone)

    def starts_at(self) -> datetime:
        """When the first day begins, in UTC without a zone as Odoo keeps it."""
        return self._midnight(self.start)

    def ends_at(self) -> datetime:
        """When the last day is over, in UTC without a zone."""
        return self._midnight(self.as_of + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        local = pytz.timezone(self.zone).localize(datetime.combine(day, time()))
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    def rate(self, document_currency: SQL, document_rate: SQL, on: SQL) -> SQL:
        """What one unit of a document's currency is in the scope's, as SQL.

        :param document_rate: units of the document's currency for one of the company's, as the document keeps it
        :param on: the day at whose rate the company's currency is turned into the scope's, where they differ
        """
        return SQL(
            "CASE WHEN %(own)s = %(currency)s THEN 1 ELSE %(company_rate)s / COALESCE(NULLIF(%(rate)s, 0), 1) END",
            own=document_currency,
            currency=self.currency.id,
            company_rate=self.company_rate(on),
            rate=document_rate,
        )

    def company_rate(self, on: SQL) -> SQL:
        """What one unit of the company's currency is in the scope's on a day, as SQL: Odoo's own rate of that day."""
        if self.currency == self.company.currency_id:
            return SQL("1::numeric")
        return SQL("%s / %s", self._rate_of(self.currency, on), self._rate_of(self.company.currency_id, on))

    def _rate_of(self, currency, on: SQL) -> SQL:
        """The rate that `res.currency._get_rates` takes: the last one up to the day, else the first one ever."""
        return SQL(
            """COALESCE(
                (SELECT rate FROM res_currency_rate
                  WHERE currency_id = %(currency)s AND (company_id IS NULL OR company_id = %(root)s) AND name <= %(on)s
                  ORDER BY company_id, name DESC LIMIT 1),
                (SELECT rate FROM res_currency_rate
                  WHERE currency_id = %(currency)s AND (company_id IS NULL OR company_id = %(root)s)
                  ORDER BY company_id, name LIMIT 1), 1)""",
            currency=currency.id,
            root=self.company.root_id.id,
            on=on,
        )


def zone_of(company) -> str:
    """The time zone whose days count in the company's records."""
    return company.sudo().partner_id.tz or "UTC"


def today_of(company) -> date:
    """The company's day, the same for everybody who looks."""
    return fields.Date.context_today(company.with_context(tz=zone_of(company)))
