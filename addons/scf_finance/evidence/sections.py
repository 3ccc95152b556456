"""All sections of a package for one application."""

from datetime import datetime

from dateutil.relativedelta import relativedelta

from odoo.exceptions import UserError

from ..amounts import exact
from ..eligibility.company_setup import check_collection_account
from .cash_flow import cash_flow_section
from .logistics_flow import logistics_flow_section
from .order_flow import order_flow_section
from .party import party_section
from .priced_lines import read_priced_document
from .scope import Scope, outstanding_of, read_scope
from .tax_flow import tax_flow_section
from .transaction import transaction_section
from .wire_text import day, instant

# Banks price on a year of payment behaviour; a longer history would tell more than they need.
HISTORY = relativedelta(months=12)
SOURCES = {
    "party": "odoo/19.0 res.partner",
    "transaction": "odoo/19.0 sale.order, account.move",
    "order_flow": "odoo/19.0 sale.order",
    "logistics_flow": "odoo/19.0 stock.picking",
    "tax_flow": "odoo/19.0 account.tax",
    "cash_flow": "odoo/19.0 account.partial.reconcile",
}


def read_sections(application, *, as_of: datetime, today) -> tuple[dict, Scope]:
    """Read the sections of docs/package.md for `application` (a record): a fixed number of queries.

    :param as_of: the time that the sections state, UTC without a zone as Odoo keeps it
    :param today: the day that the buyer's history ends on
    :raise UserError: where the collection account is not trusted, or less is open than was requested
    """
    document = application._document()
    application.env.flush_all()
    scope = read_scope(document, as_of=as_of, today=today, period_from=today - HISTORY)
    priced = read_priced_document(scope)
    facts = document._scf_facts(application.env["scf.bank"], today)
    _refuse_untrusted_account(facts, application.env)
    paid, credited = outstanding_of(scope)
    requested = exact(application.requested_amount, scope.currency)
    eligible = min(exact(application.eligible_amount, scope.currency), priced.gross - paid - credited)
    if requested > eligible:
        raise UserError(
            application.env._(
                "%(requested)s was requested, but only %(left)s is left open on %(document)s. "
                "Withdraw the request and ask again.",
                requested=application._money(application.requested_amount),
                left=application._money(float(priced.gross - paid - credited)),
                document=document.name,
            )
        )
    contents = {
        "party": party_section(scope),
        "transaction": transaction_section(
            scope,
            priced,
            technique=application.technique,
            requested=requested,
            eligible=eligible,
            tenor_days=application.tenor_days,
            due_date=facts.expected_payment,
        ),
        "order_flow": order_flow_section(scope),
        "logistics_flow": logistics_flow_section(scope),
        "tax_flow": tax_flow_section(scope, priced),
        "cash_flow": cash_flow_section(scope),
    }
    frame = {"as_of": instant(as_of), "period": None, "assurance": "asserted"}
    sections = {name: {**frame, "source": SOURCES[name], **content} for name, content in contents.items()}
    sections["cash_flow"]["period"] = {"from": day(scope.period_from), "to": day(scope.period_to)}
    return sections, scope


def _refuse_untrusted_account(facts, env):
    """Seal no account that nobody vouched for: the bank pays out to what the package names."""
    account = check_collection_account(facts, env)
    if account.level == "stop":
        raise UserError(account.sentence)
