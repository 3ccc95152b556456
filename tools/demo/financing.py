"""From the panel to the money: a document's worth, the request with its consents, offers, acceptance, payout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from demo import consenting
from demo.erp import ErpRefused, Row
from demo.stage import BankOnStage, Document, Stage, StoryFailed
from demo.telling import money

ENDED = ("declined", "expired", "cancelled")
APPLICATION_FIELDS = ("name", "state", "requested_amount", "eligible_amount", "tenor_days", "currency_id", "package_id")
OFFER_FIELDS = (
    "bank_id", "state", "principal", "rate_pa", "fee", "in_hand", "total_cost", "apr", "due_date", "expires_at",
)  # fmt: skip


def panel(stage: Stage, document: Document) -> dict[str, Any]:
    """What Mia's Financing panel shows on the document."""
    return stage.mia.call(document.model, "scf_panel", [document.id])


def show_panels(stage: Stage) -> None:
    """The panel of each open document: what it could bring, at what cost, or why nothing."""
    stage.tell.chapter("What the open documents could bring, on Mia's screen")
    rows, warnings = [], []
    for document in (*stage.documents.values(), *_long_overdue(stage)):
        shown = panel(stage, document)
        warnings += [f"{document.name}: {r['sentence']}" for r in shown["reasons"] if r["level"] == "warn"]
        indication = shown["indicative"]
        cost = f"{indication['cost_text']}, {indication['apr_text']} at {indication['bank']}" if indication else ""
        rows.append((document.name, shown["technique_label"], shown["headline"], cost or shown["subline"]))
    stage.tell.table(("document", "technique", "panel", "indicative cost, or why not"), rows)
    for warning in warnings:
        stage.tell.line(warning)


def _long_overdue(stage: Stage) -> list[Document]:
    """The oldest invoice that was never paid: no bank takes it, and the panel says so."""
    rows = stage.mia.search(
        "account.move",
        [("move_type", "=", "out_invoice"), ("state", "=", "posted"), ("payment_state", "=", "not_paid")],
        "name",
        order="invoice_date_due, id",
        limit=1,
    )
    return [Document(model="account.move", id=row["id"], name=row["name"]) for row in rows]


def application_of(stage: Stage, document: Document, *, ended: bool = False) -> Row | None:
    """The latest application that was sent for the document; one that came to nothing only where `ended`."""
    passed_over = ("draft",) if ended else ("draft", *ENDED)
    rows = stage.mia.search(
        "scf.application",
        [(f"line_ids.{document.field}", "=", document.id), ("state", "not in", passed_over)],
        *APPLICATION_FIELDS,
        order="id desc",
        limit=1,
    )
    return rows[0] if rows else None


def request(
    stage: Stage,
    document: Document,
    *,
    banks: Sequence[BankOnStage] = (),
    anew: bool = False,
    ended: bool = False,
    draft_id: int | None = None,
) -> Row:
    """Mia asks all banks that take the document for all that it carries, unless she has before.

    :param banks: ask these only.
    :param anew: give consents of their own, although others are in force.
    :param ended: an application that came to nothing counts as asked.
    :param draft_id: the application that a dialog has drafted already.
    """
    application = application_of(stage, document, ended=ended)
    if application is None:
        application_id = draft_id or _draft(stage, document, banks)
        consenting.choose(stage, application_id, anew=anew)
        stage.mia.call("scf.application", "action_submit", [application_id])
        application = application_of(stage, document, ended=ended)
    if application is None:
        raise StoryFailed(f"The request for {document.name} was not kept.")
    asked = [one["bank_id"][1] for one in submissions(stage, application)]
    stage.tell.line(
        f"{stage.mia.name} asks {' and '.join(asked)} for "
        f"{money(application['requested_amount'], currency_of(application))} over {application['tenor_days']} days "
        f"on {document.name}: {application['name']}"
    )
    consenting.show_consents(stage, application)
    return application


def _draft(stage: Stage, document: Document, banks: Sequence[BankOnStage]) -> int:
    asked_banks = [record["id"] for bank in banks if (record := stage.bank_record(bank))]
    only = {"bank_ids": [[6, 0, asked_banks]]} if banks else {}
    return stage.mia.create("scf.application", {"line_ids": [[0, 0, {document.field: document.id}]], **only})


def currency_of(application: Row) -> str:
    return str(application["currency_id"][1])


def submissions(stage: Stage, application: Row) -> list[Row]:
    return stage.mia.search(
        "scf.submission",
        [("application_id", "=", application["id"])],
        "bank_id", "state", "bank_application_ref", "state_message",
    )  # fmt: skip


def offers(stage: Stage, application: Row) -> list[Row]:
    return stage.jonas.search("scf.offer", [("application_id", "=", application["id"])], *OFFER_FIELDS, order="apr")


def have_offers(stage: Stage, application: Row, *, at_least: int = 2) -> list[Row]:
    """The banks answer: one by its rules alone, one through its officer, who approves the terms at the desk."""

    def answered() -> list[Row] | None:
        rows = submissions(stage, application)
        for row in rows:
            _let_officer_decide(stage, row)
        return rows if all(row["state"] not in ("created", "processing") for row in rows) else None

    answers = stage.until(f"the banks' answers to {application['name']}", answered)
    found = offers(stage, application)
    if len(found) < at_least:
        said = "; ".join(f"{row['bank_id'][1]}: {row['state_message']}" for row in answers)
        raise StoryFailed(f"{application['name']} brought {len(found)} offer(s), expected {at_least}. {said}")
    return found


def have_waiting(stage: Stage, application: Row, bank: BankOnStage) -> None:
    """The bank's rules hand the application to its officer, who does not decide yet."""

    def waits() -> bool:
        [submission] = submissions(stage, application)
        reference = submission["bank_application_ref"]
        return bool(reference) and _waits_for_officer(bank, reference)

    stage.until(f"{application['name']} to wait for an officer", waits)
    stage.tell.line(f"{application['name']} waits for the bank's officer")


def _let_officer_decide(stage: Stage, submission: Row) -> None:
    if submission["state"] != "processing" or not submission["bank_application_ref"]:
        return
    bank = stage.bank_of(submission["bank_id"][0])
    if _waits_for_officer(bank, submission["bank_application_ref"]):
        bank.officer.approve(submission["bank_application_ref"])
        stage.tell.line(
            f"{submission['bank_id'][1]}: the officer reads the evidence at the desk and approves the terms"
        )


def _waits_for_officer(bank: BankOnStage, reference: str) -> bool:
    page = bank.officer.page(f"applications/{reference}")
    return f'action="/desk/applications/{reference}/approve"' in page


def compare(stage: Stage, application: Row) -> None:
    currency = currency_of(application)
    rows = [
        (
            offer["bank_id"][1], money(offer["principal"], currency), money(offer["in_hand"]),
            f"{offer['rate_pa']:.2f} %", money(offer["fee"]), money(offer["total_cost"]), f"{offer['apr']:.2f} %",
            offer["due_date"], offer["state"],
        )
        for offer in offers(stage, application)
    ]  # fmt: skip
    heads = ("bank", "principal", "in hand", "rate", "fee", "total cost", "APR", "due", "state")
    stage.tell.table(heads, rows, right=(1, 2, 3, 4, 5, 6))


def show_that_requester_may_not_accept(stage: Stage, application: Row) -> None:
    best = _best(stage, application)
    try:
        stage.mia.call("scf.offer", "action_accept", [best["id"]])
    except ErpRefused as refusal:
        stage.expect(True, f"{stage.mia.name} may not accept: “{refusal}”")
    else:
        raise StoryFailed(f"{stage.mia.name} requested {application['name']} and could accept its offer herself.")


def accept_best(stage: Stage, application: Row) -> None:
    best = _best(stage, application)
    stage.jonas.call("scf.offer", "action_accept", [best["id"]])
    stage.tell.good(
        f"{stage.jonas.name} accepts {best['bank_id'][1]}: "
        f"{money(best['in_hand'], currency_of(application))} for {money(best['total_cost'], currency_of(application))}"
    )


def _best(stage: Stage, application: Row) -> Row:
    """The open offer with the lowest effective annual cost."""
    open_offers = [offer for offer in offers(stage, application) if offer["state"] == "open"]
    if not open_offers:
        raise StoryFailed(f"{application['name']} has no open offer left. Request again, or start the demo afresh.")
    return open_offers[0]


def have_loan(stage: Stage, application: Row) -> Row:
    """Accepts the best offer unless one was accepted before, and waits until the bank has paid out."""
    if stage.mia.read("scf.application", application["id"], "state")["state"] in ("requested", "offered"):
        have_offers(stage, application)
        compare(stage, application)
        show_that_requester_may_not_accept(stage, application)
        accept_best(stage, application)
    loan = stage.until(f"the payout of {application['name']}", lambda: _paid_out(stage, application))
    bank, currency = loan["bank_id"][1], currency_of(application)
    stage.tell.good(f"{bank} pays out {money(loan['disbursed_amount'], currency)}: loan {loan['name']}")
    return loan


def _paid_out(stage: Stage, application: Row) -> Row | None:
    loans = stage.jonas.search(
        "scf.loan",
        [("application_id", "=", application["id"]), ("state", "in", ("active", "overdue", "closed"))],
        "name", "bank_id", "disbursed_amount", "principal", "bank_loan_ref", "state",
    )  # fmt: skip
    return loans[0] if loans else None


def show_refusal(stage: Stage, document: Document) -> None:
    """What the banks say about the customer who pays late or never."""
    application = request(stage, document, ended=True)

    def declined() -> list[Row] | None:
        rows = submissions(stage, application)
        return rows if all(row["state"] == "rejected" for row in rows) else None

    for row in stage.until(f"both banks to decline {document.name}", declined):
        stage.tell.line(f"{row['bank_id'][1]}: {row['state_message']}")
    state = stage.mia.read("scf.application", application["id"], "state")["state"]
    stage.expect(state == "declined", f"{application['name']} on {document.name} is declined and the document is free")
