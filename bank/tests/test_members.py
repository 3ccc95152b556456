"""Members over HTTP: brought in by their anchor or joined by themselves, decided, limited, ended; and who sees what."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from erp import Erp, new_key
from openscf.money import to_decimal
from openscf.wire import Party
from openscf_bank.desk.models import AuditEntry
from openscf_bank.documents.models import Document
from openscf_bank.kit.clock import wall_time
from openscf_bank.members.limits import tax_id_concern
from openscf_bank.members.models import Member
from openscf_bank.packages import leftovers
from openscf_bank.testing import BankProcessError
from programs import (
    DOCUMENTS,
    bring_in,
    euros,
    events_of,
    good,
    invitation,
    member_request,
    new_program,
    prequalified,
    put_documents,
    refusal,
    row,
)
from server import Bank


@pytest.fixture
def program(erp: Erp) -> Any:
    return new_program(erp)


def waiting(erp: Erp, program: Any, **changes: Any) -> Any:
    """A member about whom an officer has to decide, since its tax id looks wrong."""
    asked = member_request(erp)
    asked["party"] = asked["party"] | {"tax_id": f"DE{new_key()[:4]}000000"}
    return bring_in(erp, program, asked | changes)


def supplier_erp(bank: Bank, asked: dict[str, Any]) -> Erp:
    """The supplier's own ERP."""
    return Erp.approved(bank, name=asked["party"]["name"], tax_id=asked["party"]["tax_id"])


class TestAnchorAsChannel:
    def test_a_member_without_history_gets_the_profiles_limit_at_once(self, bank: Bank, erp: Erp, program: Any) -> None:
        asked = member_request(erp)
        sent = good(erp.raw("POST", f"/v1/programs/{program['id']}/members", asked))
        assert (sent["status"], sent["revision"]) == ("RECEIVED", 1)
        member = good(erp.raw("GET", f"/v1/members/{sent['id']}"))
        assert (member["status"], member["limit"], member["rate_pa"]) == ("APPROVED", euros("5000.00"), "6.20")
        assert member["valid_until"] == str(bank.today() + timedelta(days=180))
        told = events_of(erp, "member.")
        assert [event["type"] for event in told] == ["member.received", "member.approved"]
        named = {"id": program["id"], "program_id": program["program_id"], "name": program["name"]}
        assert told[1]["data"] == {"member": member, "program": named}
        assert told[1]["subject"] == {
            "client_id": erp.client_id,
            "program_id": program["program_id"],
            "member_id": asked["member_id"],
        }

    def test_a_prequalified_member_gets_its_limit_with_all_reasons(self, bank: Bank, erp: Erp, program: Any) -> None:
        prequalified(erp, program, [row(1, returned="5900.00"), row(2, disputed="9000.00")])
        good_one = bring_in(erp, program, member_ref="V000001")
        assert (good_one["status"], good_one["limit"]) == ("APPROVED", euros("2400.00"))
        page = bank.officer.page(f"members/{good_one['id']}")
        assert "More than 3 % of what was received went back." in page and "-432.00" in page
        with bank.gateway.db.read() as session:
            kept = session.get_one(Member, good_one["id"])
            assert sum(to_decimal(reason["effect"]) for reason in kept.reasons) == kept.limit

        declined = bring_in(erp, program, member_ref="V000002")
        assert declined["status"] == "RECEIVED"
        assert "prequalification was declined" in bank.officer.page(f"members/{declined['id']}")

    def test_what_is_missing_is_asked_for_and_a_higher_revision_answers(
        self, bank: Bank, erp: Erp, program: Any
    ) -> None:
        asked = member_request(erp, kinds=DOCUMENTS[:1])
        member = bring_in(erp, program, asked)
        assert member["status"] == "ACTION_REQUIRED"
        assert member["message"] == "Please send: signatory identity, bank account proof."
        documents = [*asked["documents"], *put_documents(erp, DOCUMENTS[1:])]
        member = bring_in(erp, program, asked | {"revision": 2, "documents": documents})
        assert (member["status"], member["revision"]) == ("APPROVED", 2)
        assert [event["type"].split(".")[1] for event in events_of(erp, "member.")] == [
            "received",
            "action_required",
            "received",
            "approved",
        ]

    def test_a_revision_counts_once_and_never_goes_back(self, erp: Erp, program: Any) -> None:
        path = f"/v1/programs/{program['id']}/members"
        asked = member_request(erp, kinds=[])
        first = good(erp.raw("POST", path, asked))
        third = asked | {"revision": 3}
        good(erp.raw("POST", path, third))
        told = len(events_of(erp, "member."))
        assert good(erp.raw("POST", path, asked))["revision"] == 3
        assert good(erp.raw("POST", path, third))["id"] == first["id"]
        assert len(events_of(erp, "member.")) == told
        for changed in (third | {"member_ref": "V1"}, asked | {"revision": 2}):
            assert refusal(erp.raw("POST", path, changed)) == (422, "validation-failed", "/revision")
        good(erp.raw("POST", path, third | {"revision": 4, "documents": put_documents(erp)}))
        late = erp.raw("POST", path, third | {"revision": 5})
        assert refusal(late)[:2] == (409, "wrong-state")

    def test_a_company_is_in_a_program_once(self, bank: Bank, erp: Erp, program: Any) -> None:
        asked = member_request(erp)
        member = bring_in(erp, program, asked)
        spaced = asked["party"] | {"tax_id": f" {asked['party']['tax_id'].lower()}"}
        twice = member_request(erp, party=spaced)
        refused = erp.raw("POST", f"/v1/programs/{program['id']}/members", twice)
        assert refusal(refused)[:2] == (409, "duplicate-member")
        assert asked["member_id"] in refused.json()["detail"]
        good(erp.raw("POST", f"/v1/members/{member['id']}/leave", {"reason": "They stopped."}))
        assert bring_in(erp, program, twice)["status"] == "APPROVED"

    @pytest.mark.parametrize(
        ("changes", "code", "pointer"),
        [
            ({"account": {"iban": "DE02120300000000202052", "holder": "X"}}, "validation-failed", "/account/iban"),
            ({"party": {"name": "X", "tax_id": "--"}}, "validation-failed", "/party/tax_id"),
            ({"signatories": []}, "validation-failed", "/signatories"),
            ({"revision": 0}, "validation-failed", "/revision"),
            ({"consent": {"recipient": "https://another.example"}}, "consent-invalid", "/consent/recipient"),
            ({"consent": {"expires_on": "2026-01-01"}}, "consent-invalid", "/consent/expires_on"),
        ],
    )
    def test_what_cannot_stand_is_refused_at_its_place(
        self, erp: Erp, program: Any, changes: dict[str, Any], code: str, pointer: str
    ) -> None:
        asked = member_request(erp)
        if "consent" in changes:
            changes = {"consent": asked["consent"] | changes["consent"]}
        refused = erp.raw("POST", f"/v1/programs/{program['id']}/members", asked | changes)
        assert refusal(refused) == (422, code, pointer)
        assert events_of(erp, "member.") == []


class TestOfficer:
    def test_an_officer_asks_approves_at_a_limit_of_its_own_and_changes_it(
        self, bank: Bank, erp: Erp, program: Any
    ) -> None:
        member = waiting(erp, program)
        assert member["status"] == "RECEIVED"
        assert "check digits" in bank.officer.page(f"members/{member['id']}")
        bank.officer.say_of_member(member["id"], "ask", "Which tax id is right?")
        assert good(erp.raw("GET", f"/v1/members/{member['id']}"))["message"] == "Which tax id is right?"
        bank.officer.approve_member(member["id"], limit="12000.00", rate_pa="7.10", message="Checked by phone.")
        stands = good(erp.raw("GET", f"/v1/members/{member['id']}"))
        assert (stands["status"], stands["limit"], stands["rate_pa"]) == ("APPROVED", euros("12000.00"), "7.10")
        bank.officer.change_member(member["id"], "Less is used.", limit="9000.00", rate_pa="")
        told = events_of(erp, "member.")
        assert [event["type"].split(".")[1] for event in told] == [
            "received",
            "action_required",
            "approved",
            "changed",
        ]
        assert (told[-1]["data"]["member"]["limit"], told[-1]["data"]["reason"]) == (euros("9000.00"), "Less is used.")
        assert told[-1]["data"]["member"]["rate_pa"] == "6.20"
        with bank.gateway.db.read() as session:
            kept = session.get_one(Member, member["id"])
            assert sum(to_decimal(reason["effect"]) for reason in kept.reasons) == kept.limit
            assert kept.reasons[-1]["code"] == "officer"
            query = sa.select(AuditEntry.action).where(AuditEntry.subject == member["id"]).order_by(AuditEntry.id)
            lines = session.scalars(query).all()
        assert lines == ["member.asked", "member.approved", "member.changed"]

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ({"limit": "60000.01"}, "at most 60000.00"),
            ({"limit": "0"}, "Above 0"),
            ({"valid_until": "2020-01-01"}, "after today"),
            ({"rate_pa": "51"}, "Between 0 and 50"),
        ],
    )
    def test_a_form_that_cannot_stand_comes_back(
        self, bank: Bank, erp: Erp, program: Any, given: dict[str, str], sentence: str
    ) -> None:
        member = waiting(erp, program)
        with pytest.raises(BankProcessError, match=sentence):
            bank.officer.approve_member(member["id"], **({"limit": "100.00"} | given))
        assert good(erp.raw("GET", f"/v1/members/{member['id']}"))["status"] == "RECEIVED"

    def test_a_member_is_suspended_and_resumed(self, bank: Bank, erp: Erp, program: Any) -> None:
        member = bring_in(erp, program)
        bank.officer.say_of_member(member["id"], "suspend", "A question.")
        bank.officer.say_of_member(member["id"], "resume", "Answered.")
        told = events_of(erp, "member.")[-2:]
        assert [(event["type"], event["data"]["reason"]) for event in told] == [
            ("member.suspended", "A question."),
            ("member.approved", "Answered."),
        ]
        assert told[-1]["data"]["member"]["limit"] == member["limit"]

    def test_nobody_is_let_in_while_the_program_is_suspended(self, bank: Bank, erp: Erp, program: Any) -> None:
        member = waiting(erp, program)
        bank.officer.say_of_program(program["id"], "suspend", "A question.")
        with pytest.raises(BankProcessError, match="program is SUSPENDED"):
            bank.officer.approve_member(member["id"], limit="100.00")


class TestDocuments:
    def test_a_document_is_downloaded_and_never_shown(self, bank: Bank, erp: Erp, program: Any) -> None:
        asked = member_request(erp)
        member = bring_in(erp, program, asked)
        answer = bank.officer.fetch(f"members/{member['id']}/documents/2")
        assert answer.headers["content-disposition"].startswith('attachment; filename="signatory_identity-')
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.content.startswith(b"%PDF-")
        with bank.gateway.db.read() as session:
            line = session.scalars(sa.select(AuditEntry).where(AuditEntry.subject == f"{member['id']}/2")).one()
        assert (line.action, line.detail) == ("member_document.downloaded", "signatory_identity")

    @pytest.mark.parametrize(
        ("content", "media_type"),
        [
            (b"<html><script>alert(1)</script>", "application/pdf"),
            (b"MZ\x90\x00", "image/png"),
            (b"%PDF-1.7", "image/jpeg"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
            (b"%PDF-" + b"x" * (10 * 1024 * 1024), "application/pdf"),
            (None, "application/pdf"),
        ],
    )
    def test_what_is_no_document_of_an_allowed_type_is_refused(
        self, erp: Erp, program: Any, content: bytes | None, media_type: str
    ) -> None:
        asked = member_request(erp)
        digest = "f" * 64 if content is None else erp.http.put_document(content, media_type)
        asked["documents"][1] |= {"sha256": digest, "media_type": media_type}
        refused = erp.raw("POST", f"/v1/programs/{program['id']}/members", asked)
        status, code, pointer = refusal(refused)
        assert (status, code) == (422, "validation-failed")
        assert pointer.startswith("/documents/1")

    def test_another_clients_document_cannot_be_claimed(self, bank: Bank, erp: Erp, program: Any) -> None:
        other = Erp.approved(bank, name="Other GmbH")
        asked = member_request(erp, kinds=[]) | {"documents": put_documents(other)}
        refused = erp.raw("POST", f"/v1/programs/{program['id']}/members", asked)
        assert refusal(refused) == (422, "validation-failed", "/documents/0")

    def test_claimed_documents_outlive_the_leftovers_and_go_with_the_membership(
        self, bank: Bank, erp: Erp, program: Any
    ) -> None:
        asked = member_request(erp)
        member = bring_in(erp, program, asked)
        unclaimed = put_documents(erp, ["other"])[0]["sha256"]
        with bank.gateway.db.write() as session:
            leftovers.erase(session, wall_time() + timedelta(minutes=1))
        claimed = [one["sha256"] for one in asked["documents"]]
        assert self.there(bank, erp, [*claimed, unclaimed]) == set(claimed)

        left = good(erp.raw("POST", f"/v1/members/{member['id']}/leave", {"reason": "They closed down."}))
        assert left["status"] == "LEFT"
        assert self.there(bank, erp, claimed) == set()
        with bank.gateway.db.read() as session:
            kept = session.get_one(Member, member["id"])
        assert (kept.account_iban, kept.account_holder) == (None, None)
        assert kept.content == {
            "party": {"name": asked["party"]["name"]},
            "signatories": [{"name": "Anna Holm", "agreement_sha256": "0" * 64}],
            "documents": [{name: one[name] for name in ("kind", "name", "sha256")} for one in asked["documents"]],
        }
        page = bank.officer.page(f"members/{member['id']}")
        assert "erased" in page and "anna@saegewerk.example" not in page
        with pytest.raises(BankProcessError, match="404"):
            bank.officer.fetch(f"members/{member['id']}/documents/1")
        again = good(erp.raw("POST", f"/v1/members/{member['id']}/leave", {"reason": "They closed down."}))
        assert again["status"] == "LEFT"
        assert [event["type"] for event in events_of(erp, "member.")].count("member.left") == 1

    def test_the_words_that_were_signed_are_kept_with_the_member(self, bank: Bank, erp: Erp, program: Any) -> None:
        words = f'{{"terms": "{new_key()}"}}'.encode()
        digest = erp.http.put_document(words, "application/json")
        asked = member_request(erp)
        asked["signatories"][0]["agreement_sha256"] = digest
        member = bring_in(erp, program, asked)
        with bank.gateway.db.write() as session:
            leftovers.erase(session, wall_time() + timedelta(minutes=1))
        answer = bank.officer.fetch(f"members/{member['id']}/documents/4")
        assert answer.content == words
        assert answer.headers["content-disposition"].startswith('attachment; filename="agreement-')
        good(erp.raw("POST", f"/v1/members/{member['id']}/leave", {"reason": "gone"}))
        assert self.there(bank, erp, [digest]) == set()

    def test_a_document_that_two_members_share_stays_while_one_needs_it(
        self, bank: Bank, erp: Erp, program: Any
    ) -> None:
        asked = member_request(erp)
        first = bring_in(erp, program, asked)
        bring_in(erp, program, member_request(erp, kinds=[]) | {"documents": asked["documents"]})
        good(erp.raw("POST", f"/v1/members/{first['id']}/leave", {"reason": "gone"}))
        digests = [one["sha256"] for one in asked["documents"]]
        assert self.there(bank, erp, digests) == set(digests)

    def test_declining_erases_and_a_new_revision_erases_what_it_does_not_list(
        self, bank: Bank, erp: Erp, program: Any
    ) -> None:
        asked = member_request(erp, kinds=DOCUMENTS[:2])
        member = bring_in(erp, program, asked)
        kept, dropped = (one["sha256"] for one in asked["documents"])
        bring_in(erp, program, asked | {"revision": 2, "documents": asked["documents"][:1]})
        assert self.there(bank, erp, [kept, dropped]) == {kept}
        bank.officer.say_of_member(member["id"], "decline", "Not now.")
        assert self.there(bank, erp, [kept]) == set()
        assert events_of(erp, "member.")[-1]["data"]["reason"] == "Not now."

    def test_the_end_of_the_consent_erases_and_declines_what_waits(self, bank: Bank, erp: Erp, program: Any) -> None:
        asked = member_request(erp)
        consent = asked["consent"] | {"expires_on": str(bank.today() + timedelta(days=5))}
        member = bring_in(erp, program, asked | {"consent": consent})
        undecided = waiting(erp, program, consent=consent)
        digests = [one["sha256"] for one in asked["documents"]]
        bank.days_pass(5)
        assert self.there(bank, erp, digests) == set(digests)
        bank.days_pass(1)
        assert self.there(bank, erp, digests) == set()
        assert good(erp.raw("GET", f"/v1/members/{member['id']}"))["status"] == "APPROVED"
        assert good(erp.raw("GET", f"/v1/members/{undecided['id']}"))["status"] == "DECLINED"

    def there(self, bank: Bank, erp: Erp, digests: list[str]) -> set[str]:
        with bank.gateway.db.read() as session:
            query = sa.select(Document.sha256).where(Document.client_id == erp.client_id, Document.sha256.in_(digests))
            return set(session.scalars(query))


class TestOwnErp:
    """A member joins with its own ERP and the anchor's invitation."""

    def test_it_joins_and_both_are_told_without_more_than_this_program(
        self, bank: Bank, erp: Erp, program: Any
    ) -> None:
        asked = member_request(erp, kinds=[])
        own = supplier_erp(bank, asked)
        joining = asked | {"documents": put_documents(own), "invitation": invitation(erp, program, asked)}
        sent = good(own.raw("POST", "/v1/memberships", joining))
        member = good(own.raw("GET", f"/v1/members/{sent['id']}"))
        assert member["status"] == "APPROVED"
        assert good(erp.raw("GET", f"/v1/members/{sent['id']}")) == member
        theirs, anchors = events_of(own, "member."), events_of(erp, "member.")
        assert [event["type"] for event in theirs] == ["member.received", "member.approved"]
        assert [event["data"] for event in theirs] == [event["data"] for event in anchors]
        assert "Sägewerk" not in json.dumps(anchors, ensure_ascii=False)
        # It sees its membership, and not the program.
        assert own.raw("GET", f"/v1/programs/{program['id']}").status_code == 404
        assert own.raw("POST", f"/v1/programs/{program['id']}/close", {"reason": "x"}).status_code == 404
        assert own.raw("POST", f"/v1/programs/{program['id']}/members", asked).status_code == 404

        assert good(own.raw("POST", f"/v1/members/{sent['id']}/leave", {"reason": "Enough."}))["status"] == "LEFT"
        assert [event["type"] for event in events_of(erp, "member.")][-1] == "member.left"

    def test_it_is_told_another_rate_of_the_program_unless_it_has_its_own(
        self, bank: Bank, erp: Erp, program: Any
    ) -> None:
        owns = []
        for _ in range(2):
            asked = member_request(erp, kinds=[])
            own = supplier_erp(bank, asked)
            joining = asked | {"documents": put_documents(own), "invitation": invitation(erp, program, asked)}
            owns.append((own, good(own.raw("POST", "/v1/memberships", joining))["id"]))
        (follower, member), (settled, other) = owns
        bank.officer.change_member(other, "We know them.", rate_pa="4.00")
        bring_in(erp, program)
        before = len(events_of(settled, "member."))
        bank.officer.change_program(program["id"], "Between us: money got cheaper.", rate_pa="5.10")
        told = events_of(follower, "member.")[-1]
        assert (told["type"], told["data"]["member"]["rate_pa"]) == ("member.changed", "5.10")
        assert told["data"]["reason"] == "The rate is 5.10 % a year from now on."
        assert good(follower.raw("GET", f"/v1/members/{member}"))["rate_pa"] == "5.10"
        assert len(events_of(settled, "member.")) == before
        bank.officer.change_program(program["id"], "A higher limit.", anchor_limit="500000.00")
        assert events_of(follower, "member.")[-1] == told

    def test_it_takes_over_from_the_anchor_as_channel(self, bank: Bank, erp: Erp, program: Any) -> None:
        asked = member_request(erp, kinds=DOCUMENTS[:1])
        member = bring_in(erp, program, asked)
        own = supplier_erp(bank, asked)
        joining = asked | {"documents": put_documents(own), "invitation": invitation(erp, program, asked)}
        assert good(own.raw("POST", "/v1/memberships", joining))["id"] == member["id"]
        assert good(own.raw("GET", f"/v1/members/{member['id']}"))["status"] == "APPROVED"
        revised = erp.raw("POST", f"/v1/programs/{program['id']}/members", asked | {"revision": 2})
        assert refusal(revised)[:2] == (409, "wrong-state")
        # What the anchor sent before is answered still, and the member's ERP may say the same again.
        assert good(erp.raw("POST", f"/v1/programs/{program['id']}/members", asked))["id"] == member["id"]
        fresh = joining | {"invitation": invitation(erp, program, asked)}
        assert good(own.raw("POST", "/v1/memberships", fresh))["status"] == "APPROVED"

    def test_an_approved_member_is_linked_on_what_the_bank_decided_about(
        self, bank: Bank, erp: Erp, program: Any
    ) -> None:
        asked = member_request(erp)
        member = bring_in(erp, program, asked)
        own = supplier_erp(bank, asked)
        elsewhere = asked | {"account": {"iban": "DE89370400440532013000", "holder": "Else"}, "documents": []}
        joining = elsewhere | {"invitation": invitation(erp, program, asked)}
        assert good(own.raw("POST", "/v1/memberships", joining))["status"] == "APPROVED"
        with bank.gateway.db.read() as session:
            kept = session.get_one(Member, member["id"])
        assert (kept.client_id, kept.account_iban) == (own.client_id, asked["account"]["iban"])
        assert kept.waiting_since is not None and "DE89370400440532013000" in str(kept.note), "an officer has to ask"
        bank.officer.say_of_member(member["id"], "suspend", "A question.")
        assert [event["type"] for event in events_of(own, "member.")] == ["member.suspended"]

    @pytest.mark.parametrize(
        ("claims", "asks", "pointer"),
        [
            ({"aud": "https://another.example"}, {}, "/invitation"),
            ({"iss": "cli_other"}, {}, "/invitation"),
            ({"program": "prg_other"}, {}, "/invitation"),
            ({"iat": 1_600_000_000, "exp": 1_600_000_001}, {}, "/invitation"),
            ({"member_id": "MEM/other"}, {}, "/member_id"),
            ({"party": {"name": "X", "tax_id": "DE136695976"}}, {}, "/party/tax_id"),
            ({}, {"party": {"name": "X", "tax_id": "DE136695976"}}, "/party/tax_id"),
            ({}, {"invitation": "not.a.jws"}, "/invitation"),
        ],
    )
    def test_an_invitation_opens_for_the_invited_only(
        self, bank: Bank, erp: Erp, program: Any, claims: dict[str, Any], asks: dict[str, Any], pointer: str
    ) -> None:
        asked = member_request(erp, kinds=[])
        own = supplier_erp(bank, asked)
        joining = asked | {"invitation": invitation(erp, program, asked, **claims)} | asks
        assert refusal(own.raw("POST", "/v1/memberships", joining)) == (422, "validation-failed", pointer)

    def test_another_company_cannot_use_it_nor_an_anchor_invite_to_anothers_program(
        self, bank: Bank, erp: Erp, program: Any
    ) -> None:
        asked = member_request(erp, kinds=[])
        thief = Erp.approved(bank, name="Thief GmbH", tax_id="DE136695976")
        joining = asked | {"invitation": invitation(erp, program, asked)}
        assert refusal(thief.raw("POST", "/v1/memberships", joining))[2] == "/party/tax_id"
        own = supplier_erp(bank, asked)
        forged = asked | {"invitation": invitation(thief, program, asked)}
        assert refusal(own.raw("POST", "/v1/memberships", forged))[2] == "/invitation"
        good(own.raw("POST", "/v1/memberships", joining))
        second = supplier_erp(bank, asked)
        assert refusal(second.raw("POST", "/v1/memberships", joining))[:2] == (409, "duplicate-member")

    def test_a_stranger_gets_404(self, bank: Bank, erp: Erp, program: Any) -> None:
        member = bring_in(erp, program)
        stranger = Erp.approved(bank, name="Stranger GmbH")
        assert stranger.raw("GET", f"/v1/members/{member['id']}").status_code == 404
        leaving = stranger.raw("POST", f"/v1/members/{member['id']}/leave", {"reason": "x"})
        assert leaving.status_code == 404
        assert good(erp.raw("GET", f"/v1/members/{member['id']}"))["status"] == "APPROVED"


class TestNewRecords:
    """A later batch looks at the limits of the members again."""

    def test_a_limit_of_the_rules_follows_the_records(self, bank: Bank, erp: Erp, program: Any) -> None:
        prequalified(erp, program, [row(1)])
        member = bring_in(erp, program, member_ref="V000001")
        assert member["limit"] == euros("2800.00")
        prequalified(erp, program, [row(1, invoiced="96000.00")])
        changed = good(erp.raw("GET", f"/v1/members/{member['id']}"))
        assert changed["limit"] == euros("4800.00")
        assert [event["type"] for event in events_of(erp, "member.")][2:] == ["member.changed"]
        bank.run_jobs()
        assert len(events_of(erp, "member.")) == 3

    def test_bad_records_and_a_limit_by_an_officer_wait_for_one(self, bank: Bank, erp: Erp, program: Any) -> None:
        prequalified(erp, program, [row(1), row(2)])
        worse, by_hand = (bring_in(erp, program, member_ref=f"V00000{number}") for number in (1, 2))
        bank.officer.change_member(by_hand["id"], "We know them.", limit="20000.00")
        prequalified(erp, program, [row(1, disputed="9000.00"), row(2, invoiced="96000.00")])
        assert good(erp.raw("GET", f"/v1/members/{worse['id']}"))["limit"] == euros("2800.00")
        assert good(erp.raw("GET", f"/v1/members/{by_hand['id']}"))["limit"] == euros("20000.00")
        assert "was declined" in bank.officer.page(f"members/{worse['id']}")
        assert "an officer gave the limit" in bank.officer.page(f"members/{by_hand['id']}")
        waits = bank.officer.page(f"programs/{program['id']}?status=WAITING")
        assert worse["id"] in waits and by_hand["id"] in waits


def test_the_check_digits_of_a_tax_id_are_those_of_its_country() -> None:
    assert tax_id_concern(Party(name="X", tax_id="DE 136 695 976", country="DE")) is None
    assert tax_id_concern(Party(name="X", tax_id="DE136695977", country="DE")) is not None
    assert tax_id_concern(Party(name="X", tax_id="anything", country="AQ")) is None
    assert tax_id_concern(Party(name="X", tax_id="anything")) is None
