import uuid
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

from openscf.jws import verify_claims
from openscf.keys import KeySet
from openscf.money import Money
from openscf.payables import PAYABLE_TYP, early_payment

from .program_bank import ProgramBankDouble


class PayableBankDouble(ProgramBankDouble):
    """A bank that registers payables, pays them early and is settled: it answers, and tells its events of them."""

    def __init__(self, bank):
        super().__init__(bank)
        self.payables = {}

    def with_own_books(self):
        twin = super().with_own_books()
        twin.payables = {key: dict(value) for key, value in self.payables.items()}
        return twin

    # --- payables ---

    def register(self, *, rate="6.00", fee="0.10", min_days=5, refused=()):
        """Take the oldest queued payables in; gives what was signed, each as a dict."""
        keys = KeySet.from_jwks({"keys": [key.public_jwk for key in self.env["scf.key"].search([])]})
        claims = [verify_claims(jws, keys=keys, typ=PAYABLE_TYP) for jws in self.body("payables")["payables"]]
        for one, jws in zip(claims, self.body("payables")["payables"], strict=True):
            due = date.fromisoformat(one["due_date"])
            self.payables[one["payable_id"]] = {
                "id": f"pbl-{uuid.uuid4()}",
                "payable_id": one["payable_id"],
                "member_id": "member",
                "program_id": "program",
                "document": one["document"],
                "amount": one["amount"],
                "due_date": one["due_date"],
                "status": "REJECTED" if one["document"]["number"] in refused else "REGISTERED",
                "terms": {
                    "rate_pa": rate,
                    "day_count": "ACT/360",
                    "fee_percent": fee,
                    "min_days": min_days,
                    "first_on": self.today.isoformat(),
                    "last_on": (due - timedelta(days=min_days)).isoformat(),
                },
                "settled": {"amount": "0.00", "currency": one["amount"]["currency"]},
                "approval": jws,
            }
        self.answer("payables", {"payables": [dict(self.payables[one["payable_id"]]) for one in claims]})
        return claims

    def of(self, payable):
        """What this bank knows of a payable."""
        row = payable.bank_ids.filtered(lambda row: row.bank_id.id == self.bank.id)[-1:]
        return self.payables[row.wire_ref]

    def confirm_early_payment(self, payable):
        """Agree to the oldest early payment that was asked for."""
        asked = self.body("early_payment")
        request = {name: asked[name] for name in ("request_id", "pay_on", "discount", "payout", "channel")}
        self.of(payable).update(status="CONFIRMED", request=request)
        self.answer("early_payment", dict(self.of(payable)))

    def member_asks(self, payable, pay_on, *, request_id="EP-OF-SUPPLIER-1"):
        """The supplier asks here, from its own ERP."""
        known = self.of(payable)
        terms = known["terms"]
        figures = early_payment(
            Money(**known["amount"]),
            SimpleNamespace(
                rate_pa=Decimal(terms["rate_pa"]),
                day_count=terms["day_count"],
                fee_percent=Decimal(terms["fee_percent"]),
            ),
            pay_on,
            date.fromisoformat(known["due_date"]),
        )
        request = {
            "request_id": request_id,
            "pay_on": pay_on.isoformat(),
            "discount": figures.discount.model_dump(mode="json"),
            "payout": figures.payout.model_dump(mode="json"),
            "channel": "erp",
        }
        return self.tell_payable("payable.requested", payable, status="REQUESTED", request=request)

    def pay_early(self, payable, *, on=None, state="applied"):
        """Pay the supplier; gives the scf.event, which has to come to `state`."""
        request = self.of(payable)["request"]
        paid = {
            "paid_on": (on or self.today).isoformat(),
            "discount": request["discount"],
            "payout": request["payout"],
        }
        return self.tell_payable("payable.paid", payable, status="PAID", paid=paid, state=state)

    def fail_payout(self, payable, message="The account is closed."):
        known = self.of(payable)
        known.pop("paid", None), known.pop("request", None)
        return self.tell_payable("payable.failed", payable, status="REGISTERED", message=message)

    def forget(self, payable):
        """Take the withdrawal in, and say so: by the answer, and by an event."""
        self.of(payable).update(status="WITHDRAWN")
        self.answer("withdraw", dict(self.of(payable)))
        self.tell_payable("payable.withdrawn", payable)

    def take_reduction(self, payable):
        self.of(payable).update(amount=self.body("reduce")["amount"])
        self.answer("reduce", dict(self.of(payable)))

    def settle(self):
        """Take the oldest settlement in; gives its body."""
        body = self.body("settle")
        total = sum((Decimal(part["amount"]["amount"]) for part in body["payables"]), Decimal(0))
        currency = body["payables"][0]["amount"]["currency"]
        self.answer(
            "settle",
            {
                "settlement_id": body["settlement_id"],
                "status": "POSTED",
                "amount": {"amount": f"{total:.2f}", "currency": currency},
            },
        )
        return body

    def tell_settled(self, payable):
        return self.tell_payable("payable.settled", payable, status="SETTLED", settled=self.of(payable)["amount"])

    def tell_payable(self, kind, payable, *, reason=None, state="applied", **changes):
        """Tell an event of the payable, which changes what is given; gives the scf.event."""
        known = self.of(payable)
        known.update(changes)
        content = {"payable": dict(known), "program": {"id": "prg", "program_id": "program", "name": "Program"}}
        if reason:
            content["reason"] = reason
        subject = {"program_id": "program", "member_id": "member", "payable_id": known["payable_id"]}
        return self.tell_subject(kind, content, subject, state=state)
