"""Runs the main job on the demonstration company, over the same interfaces that people and programs use.

Odoo is spoken to over its JSON-2 API with the API keys of Mia, Jonas and the administrator; the banks' officers click
at their desks over HTTP. It may be run again at any point: what is done already is looked up, not repeated.

Settings come from the environment: `SCF_ODOO_URL`, `SCF_DB`, `SCF_LOGINS` (the file that `load_company.py` wrote),
`SCF_PORTAL_LOGINS` (the file that keeps the suppliers' logins to the portal; it is made) and `SCF_BANKS`, JSON
`[{"name", "url", "officer": {"username", "password"}}, …]`.
Exit status: 0 done · 1 something did not hold, said in one sentence.
"""

from __future__ import annotations

import json
import os
import sys
from decimal import Decimal
from pathlib import Path

if __package__ in (None, ""):  # run by its path: make the package `demo` importable
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import requests
from openscf_bank.testing import BankProcessError, OfficerAtDesk

from demo import buying, connecting, consenting, evidence, financing, history, pledging, program, repaying, selling
from demo.erp import Erp, ErpRefused
from demo.stage import BankOnStage, Document, Stage, StoryFailed
from demo.telling import Telling, exact

FIRST_PART = Decimal("0.60")
"""Of the invoice: what the customer pays first."""
ORDER_INSTALMENT = Decimal("8000.00")
"""What the customer of the financed order has paid when the story ends; the loan stays half repaid."""


def run(stage: Stage, portal_logins: Path) -> None:
    """The chapters, in order."""
    connecting.connect_banks(stage)
    stage.tell.chapter_done()
    connecting.configure_company(stage)
    stage.tell.chapter_done()
    financing.show_panels(stage)
    stage.tell.chapter_done()
    finance_invoice(stage)
    stage.tell.chapter_done()
    show_reading(stage)
    stage.tell.chapter_done()
    finance_order(stage)
    stage.tell.chapter_done()
    stage.tell.chapter("The bank pays a supplier, and is repaid by what the goods bring")
    buying.have_supplier_paid(stage)
    stage.tell.chapter_done()
    stage.tell.chapter("Goods in stock secure a loan, and are released against a repayment")
    pledging.borrow_against_stock(stage)
    stage.tell.chapter_done()
    leave_offers_waiting(stage)
    stage.tell.chapter_done()
    stage.tell.chapter("The banks look at the customer who pays late, or never")
    financing.show_refusal(stage, stage.documents[history.BAD_PAYER_INVOICE])
    stage.tell.chapter_done()
    take_consent_back(stage)
    stage.tell.chapter_done()
    stage.tell.chapter("The company's suppliers are brought in, and one of them is paid early")
    program.run_program(stage, portal_logins)
    stage.tell.chapter_done()


def finance_invoice(stage: Stage) -> None:
    """The main job, from the request to the closed loan."""
    invoice = stage.documents[history.OPEN_INVOICE]
    stage.tell.chapter(f"Invoice {invoice.name} is financed, paid by the customer, and the loan closed")
    evidence.show_lights(stage, invoice)
    application = financing.request(stage, invoice)
    evidence.show_package(stage, application)
    loan = financing.have_loan(stage, application)
    repaying.show_booking(stage, loan["id"], "disbursement")
    total = exact(stage.jonas.read("account.move", invoice.id, "amount_total")["amount_total"])
    if loan["state"] != "closed":
        repaying.have_paid(stage, loan["id"], invoice, until_open=total - exact(total * FIRST_PART))
    repaying.have_paid(stage, loan["id"], invoice, until_open=Decimal("0.00"))
    repaying.show_booking(stage, loan["id"], "repayment")
    repaying.show_closed(stage, loan["id"])
    repaying.show_agreement(stage, loan["id"])


def show_reading(stage: Stage) -> None:
    """What the banks made of the package, and how Mia knows that they read it."""
    invoice = stage.documents[history.OPEN_INVOICE]
    stage.tell.chapter(f"What the banks found in the package on {invoice.name}, and who read it")
    application = financing.application_of(stage, invoice)
    if application is None:
        raise StoryFailed(f"The request for {invoice.name} is not to be found.")
    evidence.show_what_banks_found(stage, application)
    evidence.have_file_taken(stage, application)
    evidence.show_reads(stage, application)


def finance_order(stage: Stage) -> None:
    """The order that is not delivered yet: paid out, delivered and repaid in part, and left running."""
    order = stage.documents[history.OPEN_ORDER]
    stage.tell.chapter(f"Order {order.name} is financed before delivery, and left half-way")
    application = financing.request(stage, order)
    loan = financing.have_loan(stage, application)
    invoice = selling.deliver_and_invoice_a_part(stage, order)
    total = exact(stage.jonas.read("account.move", invoice.id, "amount_total")["amount_total"])
    repaying.have_paid(stage, loan["id"], invoice, until_open=total - ORDER_INSTALMENT)
    repaying.show_agreement(stage, loan["id"])
    running = repaying.loan_row(stage, loan["id"])
    stage.expect(
        running["state"] == "active" and 0 < running["repaid_percent"] < 100,
        f"loan {running['name']} runs on, {running['repaid_percent']:.0f} % repaid",
    )


def leave_offers_waiting(stage: Stage) -> None:
    """An application whose offers nobody has accepted: the next user's turn."""
    invoice = stage.documents[history.WAITING_INVOICE]
    stage.tell.chapter(f"Offers for invoice {invoice.name} wait for whoever opens the demo")
    application = financing.request(stage, invoice)
    if stage.mia.read("scf.application", application["id"], "state")["state"] in ("requested", "offered"):
        waiting = financing.have_offers(stage, application)
        financing.compare(stage, application)
        stage.expect(
            all(offer["state"] == "open" for offer in waiting),
            f"{len(waiting)} offers wait for {stage.jonas.name}'s decision on {application['name']}",
        )


def take_consent_back(stage: Stage) -> None:
    """An invoice that charges more than was delivered: an officer is told, and the applicant thinks better of it."""
    invoice = stage.documents[history.SHORT_INVOICE]
    stage.tell.chapter(f"Invoice {invoice.name} contradicts its delivery; a consent is given for it, and taken back")
    careful = stage.banks[-1]
    application = financing.application_of(stage, invoice, ended=True)
    if application is None:
        evidence.show_lights(stage, invoice, only_doubts=True)
    application = financing.request(stage, invoice, banks=(careful,), anew=True, ended=True)
    if application["state"] in ("requested", "offered"):
        financing.have_waiting(stage, application, careful)
        evidence.show_what_banks_found(stage, application)
    consenting.take_back(stage, application, invoice)


def set_stage() -> Stage:
    """Reads the settings from the environment.

    :raises StoryFailed: one is missing or cannot be read.
    """
    try:
        url, database = os.environ["SCF_ODOO_URL"], os.environ["SCF_DB"]
        company = json.loads(Path(os.environ["SCF_LOGINS"]).read_text(encoding="utf-8"))
        banks = json.loads(os.environ["SCF_BANKS"])
    except KeyError as missing:
        raise StoryFailed(f"Set {missing.args[0]}; './scf demo' does it by itself.") from missing
    except (OSError, ValueError) as error:
        raise StoryFailed(f"A setting cannot be read: {error}.") from error
    people = {
        login: Erp(url=url, database=database, api_key=person["api_key"], name=person["name"])
        for login, person in company["logins"].items()
    }
    return Stage(
        admin=people["admin"],
        mia=people["mia"],
        jonas=people["jonas"],
        banks=tuple(
            BankOnStage(url=bank["url"], officer=OfficerAtDesk(bank["url"], **bank["officer"])) for bank in banks
        ),
        url=url,
        documents={key: Document(**document) for key, document in company["documents"].items()},
        tell=Telling(),
    )


def portal_logins_file() -> Path:
    """:raises StoryFailed: it is not set."""
    if path := os.environ.get("SCF_PORTAL_LOGINS"):
        return Path(path)
    raise StoryFailed("Set SCF_PORTAL_LOGINS; './scf demo' does it by itself.")


def main() -> int:
    try:
        stage = set_stage()
        run(stage, portal_logins_file())
    except (StoryFailed, ErpRefused, BankProcessError, requests.RequestException) as error:
        print(f"\nThe story stops here: {error}", file=sys.stderr, flush=True)
        return 1
    stage.tell.the_end("The main job is done.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
