import uuid

from odoo.addons.scf_finance.tests.bank_double import BankDouble


class ProgramBankDouble(BankDouble):
    """A bank that runs programs: it answers what was queued about them, and tells its events of them."""

    def __init__(self, bank):
        super().__init__(bank)
        self.programs = {}
        self.members = {}

    def with_own_books(self):
        twin = super().with_own_books()
        twin.programs = {key: dict(value) for key, value in self.programs.items()}
        twin.members = {key: dict(value) for key, value in self.members.items()}
        return twin

    # --- programs ---

    def receive_program(self, program_bank):
        """Take the request in and say that it is being decided; gives the Program."""
        request = self.body("program")
        program = self.programs[request["program_id"]] = {
            "id": f"prg-{uuid.uuid4()}",
            "status": "REQUESTED",
            "used": {"amount": "0.00", "currency": request["currency"]},
            **{name: request[name] for name in ("program_id", "kind", "name", "currency", "documents")},
        }
        self.answer("program", program)
        return program

    def approve_program(
        self, program_bank, *, limit="1000000.00", member_limit=None, rate="6.00", fee="0.10", **members
    ):
        """Take the request in and agree to it."""
        program = self.receive_program(program_bank)
        changes = {
            "status": "ACTIVE",
            "anchor_limit": {"amount": limit, "currency": program["currency"]},
            "terms": {
                "rate_pa": rate,
                "fee_percent": fee,
                "day_count": "ACT/360",
                "min_days": 5,
                "max_tenor_days": 180,
                "recourse": False,
                "conditions": ["Approved bills only"],
            },
            "valid_until": f"{self.today.year + 1}-12-31",
            **members,
        }
        if member_limit:
            changes["member_limit"] = {"amount": member_limit, "currency": program["currency"]}
        return self.tell_program("program.approved", program_bank, **changes)

    def tell_program(self, kind, program_bank, *, reason=None, state="applied", **changes):
        """Tell an event of the program, which changes what is given; gives the scf.event."""
        program = self.programs[program_bank.program_id.reference]
        program.update(changes)
        content = {"program": dict(program), **({"reason": reason} if reason else {})}
        return self.tell_subject(kind, content, {"program_id": program["program_id"]}, state=state)

    # --- members ---

    def member_wire(self, member, program_bank, **changes):
        """The Member of this member at the bank, made where it is not known yet, with what changes."""
        known = self.members.setdefault(
            member.reference,
            {
                "id": f"mem-{uuid.uuid4()}",
                "member_id": member.reference,
                "status": "RECEIVED",
                "revision": 1,
                "used": {"amount": "0.00", "currency": program_bank.currency_id.name},
            },
        )
        known.update(changes)
        return dict(known)

    def tell_member(self, kind, member, program_bank, *, reason=None, state="applied", **changes):
        """Tell an event of the member, which changes what is given; gives the scf.event."""
        program = self.programs[program_bank.program_id.reference]
        content = {
            "member": self.member_wire(member, program_bank, **changes),
            "program": {name: program[name] for name in ("id", "program_id", "name")},
            **({"reason": reason} if reason else {}),
        }
        subject = {"program_id": program["program_id"], "member_id": member.reference}
        return self.tell_subject(kind, content, subject, state=state)

    def approve_member(self, member, program_bank, *, limit="50000.00", rate="6.00", **changes):
        """Let a member in, up to `limit`."""
        return self.tell_member(
            "member.approved",
            member,
            program_bank,
            status="APPROVED",
            limit={"amount": limit, "currency": program_bank.currency_id.name},
            rate_pa=rate,
            **changes,
        )

    # --- the inbox ---

    def tell_subject(self, kind, content, subject, *, state="applied"):
        """Tell an event about what `subject` names; gives the scf.event, which has to come to `state`."""
        payload = {**self.payload(kind, content, self.env["scf.submission"]), "subject": subject}
        self.told.append(payload)
        return self.send_event(payload, state=state)

    def send_event(self, payload, *, state="applied"):
        if "reference" not in payload["subject"]:
            # The channel is the inbox's own affair; the double of applications takes it from here.
            channel = self.env["scf.event"]._channel_of(payload)
            payload = {**payload, "subject": {**payload["subject"], "reference": channel}}
        return super().send_event(payload, state=state)
