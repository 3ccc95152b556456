import base64
import json
import time
import uuid
from datetime import datetime, timedelta, timezone

from openscf.canonical import canonical_bytes, sha256_hex
from openscf.keys import SigningKey
from openscf.payables import PayableApproval, payable_fingerprints, sign_payable
from openscf.programs import Invitation

from odoo import fields
from odoo.tests import new_test_user

from odoo.addons.scf_finance.tests.bank_double import CLIENT, ISSUER, BankDouble
from odoo.addons.scf_finance.tests.common import FinanceCase

from .. import invitation_file
from .papers import SCAN

DAY = 24 * 60 * 60
TERMS = canonical_bytes(
    {"program_id": "PRG/1", "terms": {"en_US": "<p>Atlas pays on the due date.<script>x()</script></p>"}, "version": 1}
).decode()


def anchor_claims(**changes):
    """What Atlas signs towards Banque du Rhône."""
    now = int(time.time())
    return Invitation(
        **{
            "iss": "client-atlas",
            "aud": "https://banque.example",
            "program": "prg-rhone-1",
            "member_id": "MEM/0001",
            "party": {"name": "Our Company", "tax_id": "us 123-456-789", "country": "US"},
            "anchor": {"name": "Atlas Retail", "tax_id": "BE0477472701", "country": "BE"},
            "iat": now,
            "exp": now + 30 * DAY,
            "jti": str(uuid.uuid4()),
            **changes,
        }
    )


def file_of(key, *, bank_keys, claims=None, **program):
    """An invitation file of Atlas."""
    claims = claims or anchor_claims()
    return invitation_file.make(
        claims=claims,
        bank=invitation_file.BankPinned(name="Banque du Rhône", issuer=claims.aud, keys=tuple(bank_keys)),
        program=invitation_file.ProgramOffered(
            **{
                "id": claims.program,
                "program_id": "PRG/1",
                "name": "Atlas Early Pay",
                "kind": "payables_finance",
                "currency": "USD",
                "terms": TERMS,
                "terms_sha256": sha256_hex(TERMS.encode()),
                "rate_pa": "7.90",
                "fee_percent": "0.10",
                "documents": ("registration_extract",),
                **program,
            }
        ),
        key=key,
    )


def money(amount, currency="USD"):
    return {"amount": amount, "currency": currency}


class MembershipCase(FinanceCase):
    """The vocabulary of a supplier with its own Odoo: Atlas, its customer, invites it into a program of a bank.

    `self.rhone_bank` is the bank's double; `self.anchor_key` is Atlas' key, whose public half the file carries.
    """

    def given(self):
        super().given()
        self.rhone_bank = BankDouble(self.rhone)
        self.rhone.sudo().write({"jwks": {"keys": [self.rhone_bank.key.public_jwk()]}, "client_id": CLIENT})
        self.anchor_key = SigningKey.generate()

    # --- when ---

    def _invitation(self, claims=None, **program):
        return file_of(self.anchor_key, bank_keys=[self.rhone_bank.key.kid], claims=claims, **program)

    def _wizard(self, content, role="requester"):
        wizards = self._as(role, self.env["scf.invitation.open"])
        return wizards.create({"content": base64.b64encode(content), "filename": "invitation.json"})

    def _opened(self, content=None, role="requester", **program):
        """The membership of a file, as this person sees it."""
        action = self._wizard(content or self._invitation(**program), role).action_open()
        return self._as(role, self.env["scf.membership"]).browse(action["res_id"])

    def _prepared(self, **program):
        """A membership with everything that the bank asks for, by the requester."""
        membership = self._opened(**program)
        membership.write(
            {
                "contact_name": "Mia Summers",
                "contact_email": "mia@our.example",
                "signatory_role": "Managing Director",
            }
        )
        self._attach(membership)
        return membership

    def _attach(self, membership, kind="registration_extract", content=SCAN):
        return membership.env["scf.membership.document"].create(
            {
                "membership_id": membership.id,
                "kind_id": self.env.ref(f"scf_program.kyb_{kind}").id,
                "name": "extract.pdf",
                "content": base64.b64encode(content),
            }
        )

    def _joined(self, **program):
        """A membership that the bank let in; with full rights."""
        membership = self._prepared(**program)
        self.people["approver"].email = "approver@our.example"
        self._seen(membership).action_join()
        self.rhone_bank.answer("membership", self._member(membership, "RECEIVED"))
        self._tell_member(membership, "approved", limit=money("50000.00"), rate_pa="7.90")
        return membership.sudo()

    def _seen(self, membership, role="approver"):
        """A membership as somebody has it open on the screen."""
        return self._as(role, membership).with_context(scf_seen_account=membership.account_in_words)

    def _member(self, membership, status, **changes):
        """The Member of docs/protocol.md."""
        return {
            "id": "mem-rhone-1",
            "member_id": membership.member_ref,
            "status": status,
            "revision": 1,
            "used": money("0.00", membership.currency_id.name),
            **changes,
        }

    def _tell_member(self, membership, news, reason=None, state="applied", **changes):
        """Tell `member.<news>`; the status is the same word where none is given."""
        content = {
            "member": self._member(membership, changes.pop("status", news.upper()), **changes),
            "program": self._program(membership),
            **({"reason": reason} if reason else {}),
        }
        return self._tell(f"member.{news}", content, membership, state=state)

    def _program(self, membership):
        return {"id": membership.bank_program_ref, "program_id": "PRG/1", "name": membership.program_name}

    def _approval(self, membership, move, *, key=None, **changes):
        """What Atlas signs of an invoice, as `openscf.payables.PayableApproval`, and its signed form."""
        gross = money(f"{move.amount_total:.2f}", move.currency_id.name)
        digests = payable_fingerprints(
            member_tax_id=self.company.vat,
            anchor_tax_id=move.commercial_partner_id.vat,
            invoice_number=move.name,
            issued_on=move.invoice_date,
            gross=PayableApproval.model_fields["amount"].annotation.model_validate(gross),
        )
        approval = PayableApproval(
            **{
                "iss": "client-atlas",
                "aud": "https://banque.example",
                "payable_id": f"PAY/{move.id}",
                "program": membership.bank_program_ref,
                "member": membership.bank_member_ref,
                "document": {
                    "kind": "vendor_bill",
                    "number": "BILL/77",
                    "issued_on": move.invoice_date,
                    "issuer_number": move.name,
                },
                "fingerprints": {"f1": digests.f1, "f2": digests.f2, "f3": digests.f3},
                "amount": gross,
                "due_date": move.invoice_date_due,
                "approved_by": "Berta Buyer",
                "approved_at": datetime.now(timezone.utc).replace(microsecond=0),
                "iat": int(time.time()),
                **changes,
            }
        )
        return approval, sign_payable(approval, key=key or self.anchor_key)

    def _payable(self, membership, move, *, status="REGISTERED", key=None, signed=None, **changes):
        """The Payable of docs/protocol.md for an invoice."""
        approval, jws = self._approval(membership, move, key=key, **(signed or {}))
        wire = approval.to_wire()
        return {
            "id": f"pay-rhone-{move.id}",
            "payable_id": wire["payable_id"],
            "member_id": membership.member_ref,
            "program_id": "PRG/1",
            "document": wire["document"],
            "amount": wire["amount"],
            "due_date": wire["due_date"],
            "status": status,
            "terms": {
                "rate_pa": "7.90",
                "day_count": "ACT/360",
                "fee_percent": "0.10",
                "min_days": 5,
                "first_on": (self.today + timedelta(days=1)).isoformat(),
                "last_on": (move.invoice_date_due - timedelta(days=5)).isoformat(),
            },
            "settled": money("0.00", move.currency_id.name),
            "approval": jws,
            **changes,
        }

    def _tell_payable(self, kind, membership, payable, *, reason=None, state="applied"):
        content = {"payable": payable, "program": self._program(membership), **({"reason": reason} if reason else {})}
        event = self._tell(f"payable.{kind}", content, membership, state=state)
        return event and self.env["scf.approved.invoice"].sudo().search([("bank_payable_ref", "=", payable["id"])])

    def _approved(self, membership, move, **changes):
        """An approval that the bank told us of; with full rights."""
        return self._tell_payable("registered", membership, self._payable(membership, move, **changes))

    def _tell(self, kind, content, membership, *, state="applied"):
        bank = self.rhone_bank
        bank.cursor += 1
        about = content.get("member") or content["payable"]
        return bank.send_event(
            {
                "iss": ISSUER,
                "aud": CLIENT,
                "iat": int(time.time()),
                "jti": str(uuid.uuid4()),
                "cursor": str(bank.cursor),
                "type": kind,
                "occurred_at": fields.Datetime.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
                "subject": {"program_id": "PRG/1", "member_id": membership.member_ref, "reference": about["id"]},
                "data": json.loads(json.dumps(content)),
            },
            state=state,
        )

    def _stranger(self, company, groups="scf_connector.group_scf_requester", login="stranger"):
        """Somebody of another company."""
        return new_test_user(self.env, login, groups=groups, company_id=company.id, company_ids=[(6, 0, company.ids)])
