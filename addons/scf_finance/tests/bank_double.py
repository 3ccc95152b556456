import copy
import json
import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from unittest.mock import patch

from openscf import loan as arithmetic
from openscf.errors import BankRefused, BankUnreachable
from openscf.jws import sign_event, verify_event
from openscf.keys import KeySet, SigningKey
from openscf.wire import Problem, terms_sha256

from odoo import SUPERUSER_ID, fields

from ..amounts import wire_money

ISSUER, CLIENT = "http://127.0.0.1:1", "client-1"


class _Line:
    """What stands in for the network: one delivery with one outcome."""

    def __init__(self, answer, error):
        self.answer, self.error = answer, error

    def deliver(self, verb, *, target, body, documents, idempotency_key):
        if self.error:
            raise self.error
        return self.answer


class BankDouble:
    """A bank on the other side of the outbox and the inbox, without a network.

    It reads what was queued, answers it, and tells events that it signs with its own key. Its ledger is kept by the
    SDK's arithmetic, as a real bank's is.
    """

    def __init__(self, bank):
        self.bank = bank.with_user(SUPERUSER_ID)  # as the jobs run
        self.env = self.bank.env
        self.key = SigningKey.generate()
        self.cursor = 0
        self.today = fields.Date.today()
        self.applications = {}
        self.loans = {}
        self.told = []

    def with_own_books(self):
        """The same bank with books of its own: neither learns what the other is told from now on."""
        twin = copy.copy(self)
        twin.applications, twin.loans, twin.told = copy.deepcopy((self.applications, self.loans, self.told))
        return twin

    # --- the outbox ---

    def queued(self, verb=None):
        """Messages that wait for this bank, oldest first."""
        domain = [("bank_id", "=", self.bank.id), ("state", "=", "queued")]
        return self.env["scf.message"].search(domain + ([("verb", "=", verb)] if verb else []), order="id")

    def body(self, verb):
        """Body of the oldest queued message of that kind."""
        return json.loads(self.queued(verb)[:1].payload)

    def answer(self, verb, body):
        """Answer the oldest queued message of that kind."""
        return self._deliver(verb, answer=body)

    def refuse(self, verb, code="validation-failed", detail="No.", status=422):
        """Refuse the oldest queued message of that kind for good."""
        problem = Problem(type=f"urn:openscf:problem:{code}", title=code, status=status, detail=detail)
        return self._deliver(verb, error=BankRefused(status=status, problem=problem))

    def be_down(self, verb):
        """Let the delivery of the oldest queued message of that kind fail."""
        self.bank.unreachable_since = fields.Datetime.now()
        return self._deliver(verb, error=BankUnreachable("No answer."))

    def _deliver(self, verb, *, answer=None, error=None):
        message = self.queued(verb)[:1]
        with patch.object(type(self.bank), "_adapter", lambda bank, *args: _Line(answer, error)):
            message._deliver()
        return message

    # --- applications and offers ---

    def receive(self, submission):
        """Take the application in and say that it is being decided."""
        request = self.body("apply")
        application = self.applications[submission.reference] = {
            "id": f"app-{uuid.uuid4()}",
            "reference": submission.reference,
            "status": "PROCESSING",
            "technique": request["technique"],
            "requested": request["requested"],
            "created_at": self._now(),
            "updated_at": self._now(),
            "offers": [],
        }
        self.answer("apply", application)
        return application

    def decide(self, submission, status, **members):
        application = self.applications[submission.reference]
        application.update(status=status, updated_at=self._now(), **members)
        kind = {
            "REJECTED": "rejected",
            "ACTION_REQUIRED": "action_required",
            "PROCESSING": "processing",
            "CANCELLED": "cancelled",
        }[status]
        return self.tell(f"loan_application.{kind}", dict(application), submission)

    def offer(
        self,
        submission,
        *,
        amount=None,
        rate="8.40",
        fee="40.00",
        tenor_days=45,
        instalments=1,
        valid_days=7,
        **members,
    ):
        """Make an offer and tell it; gives the record."""
        application = self.applications[submission.reference]
        currency = application["requested"]["currency"]
        terms = {
            "technique": application["technique"],
            "principal": {"amount": amount or application["requested"]["amount"], "currency": currency},
            "rate_pa": rate,
            "day_count": "ACT/360",
            "repayment": "instalment" if instalments > 1 else "bullet",
            "tenor_days": tenor_days,
            "instalments": instalments,
            "fee": wire_money(Decimal(fee), currency),
            # A supplier gets what he was promised: nothing is deducted from it.
            "fee_timing": "on_repayment" if application["technique"] == "distributor_finance" else "deducted",
            "advance_rate": "80.00",
            "recourse": True,
            "penalty_rate_pa": "5.00",
            "conditions": ["Notified assignment"],
            **members,
        }
        wire = {
            "id": f"off-{uuid.uuid4()}",
            "loan_application_id": application["id"],
            "status": "OPEN",
            "created_at": self._now(),
            "expires_at": self._now(timedelta(days=valid_days)),
            "terms_sha256": terms_sha256(terms),
            "terms": terms,
        }
        application["status"] = "OFFERED"
        application["offers"].append(wire)
        self.tell("offer.created", wire, submission)
        return self.env["scf.offer"].search([("bank_offer_ref", "=", wire["id"])])

    def change_offer(self, offer, status):
        wire = {**self._wire_offer(offer), "status": status}
        return self.tell(f"offer.{status.lower()}", wire, offer.submission_id)

    def _wire_offer(self, offer):
        offers = self.applications[offer.submission_id.reference]["offers"]
        return next(wire for wire in offers if wire["id"] == offer.bank_offer_ref)

    # --- loans ---

    def grant(self, offer):
        """Answer the acceptance with the loan, and tell it."""
        loan_ref = self.book_loan(offer)
        if self.queued("accept"):
            self.answer("accept", self.snapshot(loan_ref))
        self.tell("loan.granted", self.snapshot(loan_ref), offer.submission_id)
        return self.env["scf.loan"].search([("bank_loan_ref", "=", loan_ref)])

    def book_loan(self, offer):
        """Grant a loan in the bank's own books, and tell nobody yet; gives the bank's reference."""
        wire_offer = self._wire_offer(offer)
        loan_ref = f"loan-{uuid.uuid4()}"
        self.loans[loan_ref] = {
            "id": loan_ref,
            "loan_application_id": wire_offer["loan_application_id"],
            "offer_id": wire_offer["id"],
            "number": f"BDR-{len(self.loans) + 1:06d}",
            "terms": wire_offer["terms"],
            "status": "GRANTED",
            "entries": [],
            "start_date": None,
        }
        return loan_ref

    def disburse(self, loan, on=None):
        book = self.loans[loan.bank_loan_ref]
        book.update(start_date=on or self.today, status="ACTIVE")
        terms = self.terms(loan)
        entries = [self._entry(book, "disbursement", book["start_date"], terms.principal)]
        if terms.fee and terms.fee_timing == "deducted":
            entries.append(self._entry(book, "fee", book["start_date"], terms.fee))
        return self.tell("loan.disbursed", {"loan": self.snapshot(book["id"]), "entries": entries}, loan.submission_id)

    def fail_disbursement(self, loan, reason="The account is closed."):
        self.loans[loan.bank_loan_ref]["status"] = "DISBURSED_FAILED"
        return self.tell(
            "loan.disbursement_failed",
            {"loan": self.snapshot(loan.bank_loan_ref), "reason": reason},
            loan.submission_id,
        )

    def post_repayment(self, loan, amount, on=None, source=None):
        """Book a repayment of at most the payoff and tell it; closes the loan where nothing is left."""
        book, on = self.loans[loan.bank_loan_ref], on or self.today
        payoff = arithmetic.payoff_amount(self.terms(loan), self.events(book), on)
        amount = min(Decimal(amount), payoff)
        event = arithmetic.Repayment(id=f"ent-{uuid.uuid4().hex[:30]}", on=on, amount=amount)
        allocation = arithmetic.posting(self.terms(loan), self.events(book), event)
        entry = self._entry(book, "repayment", on, amount, allocation=allocation, source=source, ref=event.id)
        closed = self._settled(loan, on)
        if closed:
            book["status"] = "CLOSED"
        self.tell("repayment.posted", {"loan": self.snapshot(book["id"]), "entry": entry}, loan.submission_id)
        if closed:
            self.tell("loan.closed", {"loan": self.snapshot(book["id"])}, loan.submission_id)
        return entry

    def reverse_repayment(self, loan, entry, on=None, source=None):
        book, on = self.loans[loan.bank_loan_ref], on or self.today
        event = arithmetic.RepaymentReversal(id=f"ent-{uuid.uuid4().hex[:30]}", on=on, reverses=entry["id"])
        allocation = arithmetic.posting(self.terms(loan), self.events(book), event)
        reversal = self._entry(
            book,
            "repayment_reversal",
            on,
            Decimal(entry["amount"]),
            allocation=allocation,
            source=source,
            ref=event.id,
            reverses=entry["id"],
        )
        reopened = book["status"] == "CLOSED"
        book["status"] = "ACTIVE"
        self.tell("repayment.reversed", {"loan": self.snapshot(book["id"]), "entry": reversal}, loan.submission_id)
        if reopened:
            self.tell("loan.reopened", {"loan": self.snapshot(book["id"])}, loan.submission_id)
        return reversal

    def take_collections(self, loan):
        """Take in every reported collection in order and draw what is owed, as a real bank does."""
        drawn = self.loans[loan.bank_loan_ref].setdefault("drawn", {})
        taken = []
        while self.queued("collect"):
            body = self.body("collect")
            taken.append(body)
            self.answer("collect", {"collection_id": body["collection_id"], "status": "RECEIVED"})
            on = min(fields.Date.to_date(body["collected_on"]), self.today)
            if body["kind"] == "payment" and not self._settled(loan, self.today):
                drawn[body["collection_id"]] = self.post_repayment(
                    loan,
                    body["amount"]["amount"],
                    on=max(on, self.loans[loan.bank_loan_ref]["start_date"]),
                    source=body["collection_id"],
                )
            elif body["kind"] == "undone" and body["reverses"] in drawn:
                self.reverse_repayment(loan, drawn.pop(body["reverses"]), on=on, source=body["collection_id"])
        return taken

    def terms(self, loan):
        return arithmetic.LoanTerms.from_wire(self.loans[loan.bank_loan_ref]["terms"])

    def events(self, book):
        events = []
        for entry in book["entries"]:
            on, amount = fields.Date.to_date(entry["value_date"]), Decimal(entry["amount"])
            if entry["type"] == "disbursement":
                events.append(arithmetic.Disbursement(id=entry["id"], on=on, amount=amount))
            elif entry["type"] == "repayment":
                events.append(arithmetic.Repayment(id=entry["id"], on=on, amount=amount))
            elif entry["type"] == "repayment_reversal":
                events.append(arithmetic.RepaymentReversal(id=entry["id"], on=on, reverses=entry["reverses"]))
        return events

    def snapshot(self, loan_ref):
        book = self.loans[loan_ref]
        terms = arithmetic.LoanTerms.from_wire(book["terms"])
        balance = arithmetic.replay(terms, self.events(book), self.today).balance
        extensions = [event for event in self.events(book) if isinstance(event, arithmetic.Extension)]
        rows = arithmetic.schedule(terms, book["start_date"], extensions) if book["start_date"] else ()
        snapshot = {key: book[key] for key in ("id", "loan_application_id", "offer_id", "number", "terms", "status")}
        snapshot["balance"] = balance.to_wire()
        if book["start_date"]:
            snapshot.update(
                start_date=book["start_date"].isoformat(),
                due_date=rows[-1].due_date.isoformat(),
                disbursed=wire_money(terms.in_hand, terms.currency),
                schedule=[
                    {
                        "number": row.number,
                        "due_date": row.due_date.isoformat(),
                        "principal": str(row.principal),
                        "interest": str(row.interest),
                        "amount": str(row.amount),
                    }
                    for row in rows
                ],
            )
        return snapshot

    def _settled(self, loan, on):
        book = self.loans[loan.bank_loan_ref]
        return arithmetic.replay(self.terms(loan), self.events(book), max(on, self.today)).is_settled

    def _entry(self, book, kind, on, amount, *, allocation=None, source=None, ref=None, reverses=None):
        currency = book["terms"]["principal"]["currency"]
        entry = {
            "id": ref or f"ent-{uuid.uuid4().hex[:30]}",
            "sequence": len(book["entries"]) + 1,
            "type": kind,
            "value_date": on.isoformat(),
            "booked_at": self._now(),
            "amount": wire_money(amount, currency)["amount"],
        }
        if allocation:
            entry["allocation"] = allocation.to_wire(currency)
        if source:
            entry["source_id"] = source
        if reverses:
            entry["reverses"] = reverses
        book["entries"].append(entry)
        return entry

    # --- the inbox ---

    def tell(self, kind, content, submission):
        """Sign an event and let the inbox apply it; gives the scf.event, which has to be applied."""
        payload = self.payload(kind, content, submission)
        self.told.append(payload)
        return self.send_event(payload)

    def payload(self, kind, content, submission):
        self.cursor += 1
        application = self.applications.get(submission.reference, {})
        return {
            "iss": ISSUER,
            "aud": CLIENT,
            "iat": int(datetime.now(timezone.utc).timestamp()),
            "jti": str(uuid.uuid4()),
            "cursor": str(self.cursor),
            "type": kind,
            "occurred_at": self._now(),
            "subject": {"loan_application_id": application.get("id"), "reference": submission.reference},
            "data": content,
        }

    def send_event(self, payload, *, state="applied"):
        """Put a signed event into the inbox and apply it, whether or not it came before."""
        jws = sign_event(payload, key=self.key)
        verified = verify_event(jws, keys=KeySet.of(self.key), issuer=ISSUER, audience=CLIENT)
        event = self.env["scf.event"].create(
            {
                "bank_id": self.bank.id,
                "event_id": str(uuid.uuid4()),
                "cursor": verified["cursor"],
                "type": verified["type"],
                "channel": verified["subject"]["reference"],
                "jws": jws,
                "payload": verified,
            }
        )
        event._apply()
        if state and event.state != state:
            raise AssertionError(f"{event.type} is {event.state}, not {state}: {event.error}")
        return event

    def _now(self, later=timedelta()):
        return (datetime.now(timezone.utc) + later).strftime("%Y-%m-%dT%H:%M:%SZ")
