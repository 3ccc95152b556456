"""Programs over HTTP: asked for, decided, limited, changed, closed; and what counts against their limits."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from erp import Erp, new_key
from openscf import wire
from openscf_bank.desk.models import AuditEntry
from openscf_bank.kit.problems import ProblemError
from openscf_bank.members.models import Member
from openscf_bank.profile import ProfileError, load_profile
from openscf_bank.programs import caps
from openscf_bank.programs.models import CapUse, Program, SupplierCap
from openscf_bank.testing import PROFILES, BankProcessError
from programs import (
    bring_in,
    euros,
    events_of,
    good,
    member_request,
    new_program,
    program_request,
    refusal,
)
from server import Bank

ABOVE_THE_BOUND = {"requested_limit": euros("1500000.00"), "member_limit": euros("200000.00")}


class TestAskingForOne:
    def test_the_bank_takes_a_program_on_by_itself_within_its_bound(self, bank: Bank, erp: Erp) -> None:
        asked = program_request()
        sent = good(erp.raw("POST", "/v1/programs", asked))
        assert (sent["status"], sent["program_id"]) == ("REQUESTED", asked["program_id"])
        assert "anchor_limit" not in sent and "terms" not in sent

        program = good(erp.raw("GET", f"/v1/programs/{sent['id']}"))
        assert program["status"] == "ACTIVE"
        assert (program["anchor_limit"], program["member_limit"]) == (euros("400000.00"), euros("60000.00"))
        assert program["used"] == euros("0.00")
        assert (program["terms"]["rate_pa"], program["terms"]["max_tenor_days"]) == ("6.20", 120)
        assert program["terms"]["recourse"] is False
        # What the bank asks of members, and what the anchor does beside.
        assert program["documents"] == [
            "registration_extract",
            "signatory_identity",
            "bank_account_proof",
            "beneficial_owners",
        ]
        assert program["valid_until"] == str(bank.today() + timedelta(days=365))

        (told,) = events_of(erp, "program.")
        assert told["type"] == "program.approved"
        assert told["data"] == {"program": program}
        assert told["subject"]["program_id"] == asked["program_id"]

    def test_the_same_request_has_its_effect_once_under_any_key(self, erp: Erp) -> None:
        asked = program_request()
        first = good(erp.raw("POST", "/v1/programs", asked))
        again = good(erp.raw("POST", "/v1/programs", asked))
        assert (again["id"], again["status"]) == (first["id"], "ACTIVE")
        other = erp.raw("POST", "/v1/programs", asked | {"name": "Another name"})
        assert refusal(other) == (422, "validation-failed", "/program_id")
        assert len(events_of(erp, "program.")) == 1

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"kind": "dynamic_discounting"}, "/kind"),
            ({"currency": "CHF", "requested_limit": {"amount": "1.00", "currency": "CHF"}}, "/currency"),
            ({"currency": "EUX"}, "/currency"),
            ({"requested_limit": {"amount": "400000.00", "currency": "USD"}}, "/requested_limit/currency"),
            ({"requested_limit": euros("0.00")}, "/requested_limit"),
            ({"requested_limit": euros("2000000.01")}, "/requested_limit"),
            ({"member_limit": euros("400000.01")}, "/member_limit"),
            ({"max_tenor_days": 181}, "/max_tenor_days"),
            ({"documents": ["horoscope"]}, "/documents/0"),
            ({"stock_control": True}, "/stock_control"),
            ({"buy_back": {"after_days_past_due": 30, "percent": "100.00"}}, "/buy_back"),
            ({"terms_sha256": "x"}, "/terms_sha256"),
        ],
    )
    def test_what_the_bank_does_not_offer_is_refused_at_its_place(
        self, erp: Erp, changes: dict[str, Any], pointer: str
    ) -> None:
        refused = erp.raw("POST", "/v1/programs", program_request(**changes))
        assert refusal(refused) == (422, "validation-failed", pointer)

    def test_an_unsigned_request_and_a_strange_key_are_refused(self, erp: Erp) -> None:
        asked = program_request()
        assert erp.raw("POST", "/v1/programs", asked, headers={"x-jws-signature": ""}).status_code == 401
        stranger = Erp(erp.bank, name="Stranger GmbH", tax_id="DE999999999")
        assert refusal(stranger.raw("POST", "/v1/programs", asked))[1] == "client-not-approved"

    def test_a_program_is_nobody_elses(self, bank: Bank, erp: Erp) -> None:
        program = new_program(erp)
        other = Erp.approved(bank, name="Other GmbH")
        assert other.raw("GET", f"/v1/programs/{program['id']}").status_code == 404
        closing = other.raw("POST", f"/v1/programs/{program['id']}/close", {"reason": "mine now"})
        assert closing.status_code == 404
        assert good(erp.raw("GET", f"/v1/programs/{program['id']}"))["status"] == "ACTIVE"

    def test_conditions_of_distributor_finance_are_sentences(self, erp: Erp) -> None:
        program = new_program(
            erp,
            kind="distributor_finance",
            buy_back={"after_days_past_due": 30, "percent": "90.00"},
            stock_control=True,
        )
        conditions = " ".join(program["terms"]["conditions"])
        assert "more than 30 days past due, the anchor buys the goods back at 90.00 %" in conditions
        assert "under the anchor's control" in conditions
        assert program["terms"]["recourse"] is True


class TestOfficer:
    def test_an_officer_decides_above_the_bound_at_a_price_of_the_banks(self, bank: Bank, erp: Erp) -> None:
        program = new_program(erp, **ABOVE_THE_BOUND)
        assert program["status"] == "REQUESTED"
        assert "Waits for an officer" in bank.officer.page("programs")
        bank.officer.approve_program(
            program["id"], anchor_limit="1200000.00", member_limit="150000.00", rate_pa="5.75", message="Welcome."
        )
        stands = good(erp.raw("GET", f"/v1/programs/{program['id']}"))
        assert (stands["status"], stands["message"]) == ("ACTIVE", "Welcome.")
        assert (stands["anchor_limit"], stands["member_limit"]) == (euros("1200000.00"), euros("150000.00"))
        assert stands["terms"]["rate_pa"] == "5.75"
        assert [event["type"] for event in events_of(erp, "program.")] == ["program.approved"]
        with bank.gateway.db.read() as session:
            lines = session.scalars(sa.select(AuditEntry).where(AuditEntry.subject == program["id"])).all()
        assert [(line.action, line.officer) for line in lines] == [("program.approved", "officer")]
        with pytest.raises(BankProcessError, match="no form"):
            bank.officer.approve_program(program["id"])

    @pytest.mark.parametrize(
        ("terms", "sentence"),
        [
            ({"anchor_limit": "2000000.01"}, "at most 2000000.00"),
            ({"anchor_limit": "100000.00", "member_limit": "100000.01"}, "at most 100000.00"),
            ({"rate_pa": "51"}, "Between 0 and 50"),
            ({"fee_percent": "-1"}, "Between 0 and 10"),
            ({"max_tenor_days": "181"}, "at most 180 days"),
            ({"max_tenor_days": "1.5"}, "number of days"),
            ({"valid_until": "2020-01-01"}, "after today"),
            ({"member_limit": "much"}, "Write a number"),
        ],
    )
    def test_a_form_that_cannot_stand_comes_back(
        self, bank: Bank, erp: Erp, terms: dict[str, str], sentence: str
    ) -> None:
        program = new_program(erp, **ABOVE_THE_BOUND)
        with pytest.raises(BankProcessError, match=sentence):
            bank.officer.approve_program(program["id"], **terms)
        assert good(erp.raw("GET", f"/v1/programs/{program['id']}"))["status"] == "REQUESTED"

    def test_a_declined_program_takes_nobody_in(self, bank: Bank, erp: Erp) -> None:
        program = new_program(erp, **ABOVE_THE_BOUND)
        bank.officer.say_of_program(program["id"], "decline", "Too large for now.")
        stands = good(erp.raw("GET", f"/v1/programs/{program['id']}"))
        assert (stands["status"], stands["message"]) == ("DECLINED", "Too large for now.")
        (told,) = events_of(erp, "program.")
        assert (told["type"], told["data"]["reason"]) == ("program.declined", "Too large for now.")
        joining = erp.raw("POST", f"/v1/programs/{program['id']}/members", member_request(erp))
        assert refusal(joining)[:2] == (409, "wrong-state")

    def test_limits_change_and_a_program_is_suspended_resumed_and_closed(self, bank: Bank, erp: Erp) -> None:
        program = new_program(erp)
        bank.officer.change_program(program["id"], "The year went well.", anchor_limit="500000.00", rate_pa="5.90")
        bank.officer.say_of_program(program["id"], "suspend", "Accounts are late.")
        joining = erp.raw("POST", f"/v1/programs/{program['id']}/members", member_request(erp))
        assert refusal(joining)[:2] == (409, "wrong-state")
        bank.officer.say_of_program(program["id"], "resume", "They came.")
        bank.officer.say_of_program(program["id"], "close", "Moved to another bank.")
        told = events_of(erp, "program.")
        assert [event["type"].split(".")[1] for event in told] == [
            "approved",
            "changed",
            "suspended",
            "resumed",
            "closed",
        ]
        assert told[1]["data"]["program"]["anchor_limit"] == euros("500000.00")
        assert told[1]["data"]["reason"] == "The year went well."
        with pytest.raises(BankProcessError, match="CLOSED"):
            bank.officer.say_of_program(program["id"], "suspend", "again")

    def test_the_anchor_closes_its_program_once(self, erp: Erp) -> None:
        program = new_program(erp)
        path = f"/v1/programs/{program['id']}/close"
        assert good(erp.raw("POST", path, {"reason": "We pay early ourselves."}))["status"] == "CLOSED"
        assert good(erp.raw("POST", path, {"reason": "We pay early ourselves."}))["status"] == "CLOSED"
        assert [event["type"] for event in events_of(erp, "program.")] == ["program.approved", "program.closed"]


class TestCaps:
    """What is paid early or lent counts against three limits at once."""

    @pytest.fixture
    def member(self, erp: Erp) -> Any:
        program = new_program(erp, requested_limit=euros("8000.00"), member_limit=euros("5000.00"))
        member = bring_in(erp, program)
        assert (member["status"], member["limit"]) == ("APPROVED", euros("5000.00"))
        return member

    def use(self, bank: Bank, member_id: str, amount: str, source_id: str | None = None) -> None:
        with bank.gateway.unit_of_work() as uow:
            member = uow.session.get_one(Member, member_id)
            program = uow.session.get_one(Program, member.program_id)
            caps.use(uow, program, member, source="payable", source_id=source_id or new_key(), amount=Decimal(amount))

    def left(self, bank: Bank, member_id: str) -> caps.Free:
        with bank.gateway.db.read() as session:
            member = session.get_one(Member, member_id)
            return caps.free(session, session.get_one(Program, member.program_id), member)

    def test_the_same_use_counts_once_and_ends(self, bank: Bank, erp: Erp, member: Any) -> None:
        source = new_key()
        for _ in range(2):
            self.use(bank, member["id"], "3000.00", source)
        assert self.left(bank, member["id"]) == caps.Free(Decimal(5000), Decimal(2000), Decimal(397000))
        assert good(erp.raw("GET", f"/v1/members/{member['id']}"))["used"] == euros("3000.00")
        self.use(bank, member["id"], "1000.00", source)
        assert self.left(bank, member["id"]).most == Decimal(4000)
        self.use(bank, member["id"], "0.00", source)
        assert self.left(bank, member["id"]) == caps.Free(Decimal(8000), Decimal(5000), Decimal(400000))
        with bank.gateway.db.read() as session:
            assert session.get(CapUse, ("payable", source)) is None

    def test_each_limit_holds_and_says_what_would_be_exceeded(self, bank: Bank, erp: Erp, member: Any) -> None:
        with pytest.raises(ProblemError, match=r"0\.50 EUR above the member's limit\.") as refused:
            self.use(bank, member["id"], "5000.50")
        assert (refused.value.code, refused.value.status) == ("limit-exceeded", 409)
        with bank.gateway.db.read() as session:
            program = session.get_one(Program, session.get_one(Member, member["id"]).program_id)
        second = bring_in(erp, {"id": program.id})
        self.use(bank, second["id"], "5000.00")
        with pytest.raises(ProblemError, match=r"1000\.00 EUR above the program's limit\."):
            self.use(bank, member["id"], "4000.00")
        bank.officer.cap_company(member["id"], "2500.00")
        with pytest.raises(ProblemError, match="limit for this company is reached") as capped:
            self.use(bank, member["id"], "2900.00")
        assert not re.search(r"\d", capped.value.detail), "no anchor is shown the company's limit"
        self.use(bank, member["id"], "2500.00")
        assert good(erp.raw("GET", f"/v1/programs/{program.id}"))["used"] == euros("7500.00")

    def test_a_company_has_one_limit_over_the_programs_of_all_anchors(self, bank: Bank, erp: Erp) -> None:
        other = Erp.approved(bank, name="Other anchor")
        asked = member_request(erp)
        spaced = f"{asked['party']['tax_id'][:2].lower()} {asked['party']['tax_id'][2:]}"
        again = member_request(other, party=asked["party"] | {"tax_id": spaced})
        here, there = bring_in(erp, new_program(erp), asked), bring_in(other, new_program(other), again)
        self.use(bank, here["id"], "3000.00")
        assert self.left(bank, there["id"]) == caps.Free(Decimal(400000), Decimal(5000), Decimal(397000))
        # The other anchor sees nothing of it.
        assert good(other.raw("GET", f"/v1/members/{there['id']}"))["used"] == euros("0.00")
        with bank.gateway.db.read() as session:
            member = session.get_one(Member, here["id"])
            assert session.get_one(SupplierCap, (member.tax_key, "EUR")).used == Decimal(3000)

    def test_nothing_new_is_paid_where_program_or_member_does_not_stand(self, bank: Bank, member: Any) -> None:
        with bank.gateway.db.read() as session:
            found = session.get_one(Member, member["id"])
            program = session.get_one(Program, found.program_id)
        caps.require_open(program, found, bank.today())
        with pytest.raises(ProblemError, match="stood until"):
            caps.require_open(program, found, bank.today() + timedelta(days=181))
        bank.officer.say_of_member(member["id"], "suspend", "A question.")
        with bank.gateway.db.read() as session, pytest.raises(ProblemError, match="SUSPENDED"):
            caps.require_open(program, session.get_one(Member, member["id"]), bank.today())


def test_discovery_names_the_programs_of_the_bank(erp: Erp) -> None:
    (payables, distributors) = erp.http.discover().programs
    assert (payables.kind, distributors.kind) == ("payables_finance", "distributor_finance")
    assert payables.max_anchor_limit == Decimal("2000000.00")
    assert "registration_extract" in payables.documents
    assert wire.ProgramProfile.model_validate(payables.to_wire()) == payables


def test_hansa_leaves_every_program_to_an_officer() -> None:
    hansa = load_profile(PROFILES / "hansa.toml")
    assert [section.automatic_up_to for section in hansa.programs] == [None, None]


def test_a_profile_whose_limits_do_not_nest_is_refused(tmp_path: Path) -> None:
    text = (PROFILES / "rhone.toml").read_text(encoding="utf-8")
    broken = tmp_path / "broken.toml"
    broken.write_text(text.replace('max_member_limit = "250000.00"', 'max_member_limit = "2500000.00"'), "utf-8")
    with pytest.raises(ProfileError, match="max_member_limit is above max_anchor_limit"):
        load_profile(broken)
