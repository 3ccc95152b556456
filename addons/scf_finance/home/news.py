"""What the banks said last, in a sentence each."""

from __future__ import annotations

from odoo.tools import format_datetime

MOST_TOLD = 8


def read_news(env) -> list[dict]:
    """The last events that were taken in, newest first: three queries, however many there are.

    Events are an administrator's to read; what is told here is their kind and the request that the user may read.
    """
    events = (
        env["scf.event"]
        .sudo()
        .search(
            [
                ("company_id", "in", env.companies.ids),
                ("state", "=", "applied"),
                ("type", "in", list(_sentences(env, ""))),
            ],
            limit=MOST_TOLD,
        )
    )
    references = [reference for event in events if (reference := _reference(event))]
    submissions = {
        (submission.bank_id.id, submission.bank_application_ref): submission.application_id
        for submission in env["scf.submission"].search([("bank_application_ref", "in", references)])
    }
    news = []
    for event in events:
        application = submissions.get((event.bank_id.id, _reference(event)))
        if not application and _reference(event):
            continue
        news.append(
            {
                "id": event.id,
                "when": format_datetime(env, event.received_at, dt_format="short"),
                "sentence": _sentences(env, event.bank_id.name)[event.type],
                "about": application.name if application else "",
                "action": application._open_form() if application else None,
            }
        )
    return news


def _reference(event):
    return (event.payload.get("subject") or {}).get("loan_application_id")


def _sentences(env, bank):
    _ = env._
    return {
        "client.approved": _("%s has let the company in.", bank),
        "client.declined": _("%s has declined the company.", bank),
        "client.suspended": _("%s has suspended the company.", bank),
        "loan_application.processing": _("%s is deciding.", bank),
        "loan_application.action_required": _("%s asks for something.", bank),
        "loan_application.rejected": _("%s has declined.", bank),
        "offer.created": _("%s has made an offer.", bank),
        "offer.expired": _("An offer of %s has expired.", bank),
        "offer.withdrawn": _("%s has taken an offer back.", bank),
        "loan.granted": _("%s has granted a loan.", bank),
        "loan.disbursed": _("%s has paid out.", bank),
        "loan.disbursement_failed": _("%s could not pay out.", bank),
        "repayment.posted": _("%s has booked a repayment.", bank),
        "repayment.reversed": _("%s has given a repayment back.", bank),
        "loan.closed": _("A loan of %s is repaid.", bank),
        "loan.reopened": _("A loan of %s is open again.", bank),
        "loan.shortfall": _("%s looked at what the documents or goods still carry.", bank),
        "collateral.released": _("%s has released pledged goods.", bank),
        "collateral.release_waiting": _("%s releases pledged goods after a repayment.", bank),
        "collateral.release_declined": _("%s does not release pledged goods.", bank),
    }
