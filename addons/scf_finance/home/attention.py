"""What waits for a person: each a count with the list of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

LIST_AND_FORM = [(False, "list"), (False, "form")]


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that waits for a person.

    :ivar label: what it is, with a count
    :ivar tone: how pressing it is: "danger" or "warning"
    :ivar for_admins: whether only an administrator can do something about it
    """

    code: str
    model: str
    domain: list
    label: Callable[[int], str]
    tone: str = "warning"
    for_admins: bool = False


def matters(env) -> tuple[Matter, ...]:
    """All that may wait, the most pressing first; an addon adds its own in `scf.home._matters`."""
    _ = env._
    running = ("loan_id.state", "in", ("active", "overdue"))
    return (
        Matter(
            "margin",
            "scf.loan",
            # Our own figures call for it, or the bank does.
            ["|", ("margin_call", ">", 0), "&", ("shortfall", ">", 0), ("pledge_ids", "!=", False)],
            lambda n: _("Margin calls: %s", n),
            "danger",
        ),
        Matter(
            "mismatch", "scf.loan", [("mismatch", "!=", False)], lambda n: _("Books and bank disagree: %s", n), "danger"
        ),
        Matter(
            "statements",
            "scf.statement",
            [("state", "=", "different")],
            lambda n: _("Banks' statements that differ: %s", n),
            "danger",
        ),
        Matter(
            "refused",
            "scf.collection",
            [("state", "=", "refused"), running],
            lambda n: _("Collections that the bank refused: %s", n),
            "danger",
        ),
        Matter(
            "drawdowns",
            "scf.drawdown",
            [("state", "=", "asked")],
            lambda n: _("Drawdowns to approve: %s", n),
        ),
        Matter(
            "offers",
            "scf.application",
            [("state", "=", "offered")],
            lambda n: _("Requests with offers to compare: %s", n),
        ),
        Matter(
            "questions",
            "scf.submission",
            [("state", "=", "action_required")],
            lambda n: _("Questions of banks: %s", n),
        ),
        Matter(
            "shortfall",
            "scf.loan",
            [("shortfall", ">", 0), ("state", "in", ("active", "overdue")), ("pledge_ids", "=", False)],
            lambda n: _("Loans that the documents no longer carry: %s", n),
        ),
        Matter(
            "near_breach",
            "scf.loan",
            [("near_breach", "=", True), ("state", "=", "active"), ("pledge_ids", "=", False)],
            lambda n: _("Loans that will soon not be covered: %s", n),
        ),
        Matter(
            "near_margin",
            "scf.loan",
            [("near_breach", "=", True), ("state", "=", "active"), ("pledge_ids", "!=", False)],
            lambda n: _("Loans on goods that will soon carry too little: %s", n),
        ),
        Matter(
            "releases",
            "scf.pledge",
            [("state", "=", "active"), ("release_ids.state", "=", "asked")],
            lambda n: _("Pledged goods that somebody needs: %s", n),
        ),
        Matter(
            "repay_first",
            "scf.pledge",
            [("state", "=", "active"), ("release_ids.state", "=", "waiting")],
            lambda n: _("Goods that the bank releases after a repayment: %s", n),
        ),
        Matter(
            "bulk",
            "scf.bulk.request",
            [("state", "in", ("draft", "stopped"))],
            lambda n: _("Bulk requests that are not finished: %s", n),
        ),
        Matter(
            "dead",
            "scf.message",
            [("state", "=", "dead")],
            lambda n: _("Messages that reach no bank: %s", n),
            "danger",
            for_admins=True,
        ),
        Matter(
            "events",
            "scf.event",
            [("state", "=", "failed")],
            lambda n: _("News of banks that could not be taken in: %s", n),
            "danger",
            for_admins=True,
        ),
    )


def read_attention(env) -> list[dict]:
    """The matters that there are, as the Financing home shows them: one query each."""
    is_admin = env.user.has_group("scf_connector.group_scf_admin")
    rows = []
    for matter in env["scf.home"]._matters():
        if matter.for_admins and not is_admin:
            continue
        domain = [("company_id", "in", env.companies.ids), *matter.domain]
        if count := env[matter.model].search_count(domain):
            label = matter.label(count)
            rows.append(
                {
                    "code": matter.code,
                    "count": count,
                    "label": label,
                    "tone": matter.tone,
                    "action": {
                        "type": "ir.actions.act_window",
                        "name": label,
                        "res_model": matter.model,
                        "views": LIST_AND_FORM,
                        "domain": domain,
                    },
                }
            )
    return rows
