"""What must hold of programs when many requests come at once, on both databases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from erp import Erp, new_key
from openscf_bank.clients import repository as clients
from openscf_bank.kit.problems import ProblemError
from openscf_bank.members.models import Member
from openscf_bank.programs import caps
from openscf_bank.programs.models import Program, SupplierCap
from programs import (
    batch_request,
    bring_in,
    euros,
    events_of,
    good,
    invitation,
    member_request,
    new_program,
    put_documents,
    row,
)
from server import Bank
from test_concurrency import AT_ONCE, together


@pytest.fixture
def program(erp: Erp) -> Any:
    return new_program(erp)


def test_the_anchors_of_one_company_never_exceed_its_limit_together(bank: Bank, erp: Erp, program: Any) -> None:
    asked = member_request(erp)
    other = Erp.approved(bank, name="Other anchor")
    theirs = new_program(other)
    again = member_request(other, party=asked["party"])
    members = [bring_in(erp, program, asked), bring_in(other, theirs, again)]
    bank.officer.cap_company(members[0]["id"], "4000.00")

    def use(member_id: str) -> None:
        with bank.gateway.unit_of_work() as uow:
            member = uow.session.get_one(Member, member_id)
            found = uow.session.get_one(Program, member.program_id)
            clients.lock(uow.session, found.client_id)
            caps.use(uow, found, member, source="payable", source_id=new_key(), amount=Decimal("1500.00"))

    answers = together(*(lambda chosen=members[turn % 2]["id"]: use(chosen) for turn in range(AT_ONCE)))
    assert [error.code for error in answers if isinstance(error, ProblemError)] == ["limit-exceeded"] * 4
    with bank.gateway.db.read() as session:
        key = session.get_one(Member, members[0]["id"]).tax_key
        assert session.get_one(SupplierCap, (key, "EUR")).used == Decimal("3000.00")
        used = [session.get_one(Member, member["id"]).used for member in members]
    assert sum(used) == Decimal("3000.00")


def test_a_company_gets_into_a_program_once(bank: Bank, erp: Erp, program: Any) -> None:
    first = member_request(erp)
    asked = [first, *(member_request(erp, party=first["party"]) for _ in range(3))]
    path = f"/v1/programs/{program['id']}/members"
    answers = together(*(lambda body=body: erp.raw("POST", path, body) for body in asked))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    assert [event["type"] for event in events_of(erp, "member.")] == ["member.received", "member.approved"]


def test_a_batch_that_comes_many_times_at_once_is_one(bank: Bank, erp: Erp, program: Any) -> None:
    asked = batch_request(erp, [row(1), row(2)])
    path = f"/v1/programs/{program['id']}/prequalifications"
    answers = together(*(lambda: erp.raw("POST", path, asked) for _ in range(4)))
    assert len({good(answer)["id"] for answer in answers}) == 1
    together(bank.run_jobs, bank.run_jobs)
    assert [event["type"] for event in events_of(erp, "prequalification.")] == ["prequalification.decided"]


def test_a_member_that_leaves_while_an_officer_changes_its_limit_has_left(bank: Bank, erp: Erp, program: Any) -> None:
    asked = member_request(erp, kinds=[])
    own = Erp.approved(bank, name=asked["party"]["name"], tax_id=asked["party"]["tax_id"])
    joining = asked | {"documents": put_documents(own), "invitation": invitation(erp, program, asked)}
    member = good(own.raw("POST", "/v1/memberships", joining))
    leave = {"reason": "Enough."}
    form = {"limit": "4000.00", "valid_until": "2099-01-01", "rate_pa": "", "message": "Less is used."}
    answers = together(
        lambda: own.raw("POST", f"/v1/members/{member['id']}/leave", leave),
        lambda: erp.raw("POST", f"/v1/members/{member['id']}/leave", leave),
        lambda: bank.officer._post(f"members/{member['id']}/change", form).status_code,
    )
    assert [good(answer)["status"] for answer in answers[:2]] == ["LEFT", "LEFT"]
    assert answers[2] in (303, 409)
    for client in (own, erp):
        told = [event["type"] for event in events_of(client, "member.")]
        assert told.count("member.left") == 1 and told[-1] == "member.left"
    assert good(erp.raw("GET", f"/v1/members/{member['id']}"))["used"] == euros("0.00")
