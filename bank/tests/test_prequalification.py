"""Batches over HTTP: checked line by line, decided by the rules in a job, read page by page; each limit explained."""

from __future__ import annotations

import tracemalloc
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from erp import Erp
from openscf import programs as wire
from openscf.canonical import canonical_bytes, sha256_hex
from openscf_bank import jobs
from openscf_bank.documents import repository as documents
from openscf_bank.kit.clock import wall_time
from openscf_bank.packages import leftovers
from openscf_bank.prequalification import deciding
from openscf_bank.prequalification.figures import months
from openscf_bank.prequalification.models import Batch, Result
from openscf_bank.prequalification.rules import Frame, decide
from openscf_bank.profile import load_profile
from openscf_bank.testing import PROFILES
from programs import (
    batch_request,
    events_of,
    good,
    new_program,
    prequalified,
    refusal,
    results,
    row,
)
from server import Bank

TODAY = date(2026, 11, 22)


@pytest.fixture
def program(erp: Erp) -> Any:
    return new_program(erp)


def chunk(erp: Erp, content: bytes) -> dict[str, Any]:
    """Any bytes as the chunk of one row."""
    return {"sha256": erp.http.put_document(content, wire.CHUNK_MEDIA_TYPE), "rows": 1}


def line(**changes: Any) -> bytes:
    return canonical_bytes(row(1, **changes)) + b"\n"


class TestSending:
    def test_a_batch_is_received_decided_and_read_page_by_page(self, bank: Bank, erp: Erp, program: Any) -> None:
        rows = [row(number, invoiced=f"{number * 1000}.00") for number in range(1, 8)]
        asked = batch_request(erp, rows, size=3)
        path = f"/v1/programs/{program['id']}/prequalifications"
        sent = good(erp.raw("POST", path, asked))
        assert sent == {"id": sent["id"], "batch_id": asked["batch_id"], "status": "RECEIVED", "rows": 7}
        early = erp.raw("GET", f"/v1/prequalifications/{sent['id']}/results")
        assert refusal(early)[:2] == (409, "wrong-state")

        bank.run_jobs()
        batch = good(erp.raw("GET", f"/v1/prequalifications/{sent['id']}"))
        assert (batch["status"], batch["approved"], batch["referred"], batch["declined"]) == ("DECIDED", 0, 0, 7)
        (told,) = events_of(erp, "prequalification.")
        assert (told["type"], told["data"]) == ("prequalification.decided", {"prequalification": batch})
        assert told["subject"]["program_id"] == program["program_id"]
        assert told["subject"]["batch_id"] == asked["batch_id"]

        answer = erp.raw("GET", f"/v1/prequalifications/{sent['id']}/results?after=2&limit=2")
        assert answer.headers["content-type"] == wire.CHUNK_MEDIA_TYPE and answer.headers["x-jws-signature"]
        assert [one.row for one in wire.read_results(answer.content)] == [3, 4]
        found = results(erp, batch, limit=3)
        assert [one.member_ref for one in found] == [one["member_ref"] for one in rows]

        # The same batch again, under another key, is the same batch; another content is not.
        assert good(erp.raw("POST", path, asked)) == batch
        other = erp.raw("POST", path, asked | {"requested_by": "Somebody else"})
        assert refusal(other) == (422, "validation-failed", "/batch_id")

    @pytest.mark.parametrize(
        ("content", "place", "sentence"),
        [
            (line() + line(orders="many"), "/chunks/0/line/2", "/orders"),
            (line(named=True), "/chunks/0/line/1", "named"),
            (line(invoiced="1.001"), "/chunks/0/line/1", "decimals of EUR"),
            (line(invoiced="-1.00"), "/chunks/0/line/1", "/invoiced"),
            (line(deliveries_late=51), "/chunks/0/line/1", "late"),
            (line(first_order_on="2026-11-20", last_order_on="2026-11-19"), "/chunks/0/line/1", "first order"),
            (line(last_order_on="2199-01-01"), "/chunks/0/line/1", "after the day"),
            (line(share_percent="100.01"), "/chunks/0/line/1", "at most 100"),
            (line() + line(), "/chunks/0/line/2", "twice"),
            (line() + line().replace(b'":', b'": '), "/chunks/0/line/2", "RFC 8785"),
            (line()[:-1], "/chunks/0", "cut off"),
            (b"", "/chunks/0", "cut off"),
            (b"\n", "/chunks/0/line/1", "JSON"),
            (line() * 1001, "/chunks/0", "more than 1000 rows"),
            (b"x" * (4 * 1024 * 1024) + b"\n", "/chunks/0", "4194304 bytes"),
            (line() + canonical_bytes(row(2)) + b"\n", "/chunks/0/rows", "2 rows, not 1"),
        ],
    )
    def test_a_line_that_cannot_stand_is_named(
        self, erp: Erp, program: Any, content: bytes, place: str, sentence: str
    ) -> None:
        asked = batch_request(erp, [row(1)]) | {"chunks": [chunk(erp, content)]}
        refused = erp.raw("POST", f"/v1/programs/{program['id']}/prequalifications", asked)
        assert refusal(refused) == (422, "validation-failed", place)
        assert sentence in refused.json()["errors"][0]["detail"]

    @pytest.mark.parametrize(
        ("changes", "place"),
        [
            ({"rows": 2}, "/rows"),
            ({"totals": {"ordered": "60000.00", "invoiced": "57600.01"}}, "/totals/invoiced"),
            ({"totals": {"ordered": "60000.01", "invoiced": "57600.00"}}, "/totals/ordered"),
            ({"chunks": [{"sha256": "e" * 64, "rows": 1}]}, "/chunks/0"),
            ({"as_of": "2199-01-01"}, "/as_of"),
            ({"period": {"from": "2026-01-01", "to": "2199-01-01"}}, "/period/to"),
            ({"period": {"from": "2026-01-02", "to": "2026-01-01"}}, "/period"),
            ({"chunks": []}, "/chunks"),
        ],
    )
    def test_wrong_counts_sums_and_days_are_refused_at_their_place(
        self, erp: Erp, program: Any, changes: dict[str, Any], place: str
    ) -> None:
        asked = batch_request(erp, [row(1)]) | changes
        refused = erp.raw("POST", f"/v1/programs/{program['id']}/prequalifications", asked)
        assert refusal(refused) == (422, "validation-failed", place)

    def test_a_row_twice_is_found_across_chunks(self, erp: Erp, program: Any) -> None:
        asked = batch_request(erp, [row(1), row(2), row(3), row(2, orders=1)], size=2)
        refused = erp.raw("POST", f"/v1/programs/{program['id']}/prequalifications", asked)
        assert refusal(refused) == (422, "validation-failed", "/chunks/1/line/2")

    def test_a_broken_upload_goes_on_where_it_broke(self, erp: Erp, program: Any) -> None:
        asked = batch_request(erp, [row(1), row(2)], size=1)
        missing = wire.write_chunk([row(3)])
        digest = sha256_hex(missing)
        whole = batch_request(erp, [row(1), row(2), row(3)], size=1) | {
            "chunks": [*asked["chunks"], {"sha256": digest, "rows": 1}]
        }
        assert erp.http.has_document(asked["chunks"][0]["sha256"])
        erp.http.put_document(missing, wire.CHUNK_MEDIA_TYPE)
        assert good(erp.raw("POST", f"/v1/programs/{program['id']}/prequalifications", whole))["rows"] == 3

    def test_a_batch_is_nobody_elses(self, bank: Bank, erp: Erp, program: Any) -> None:
        batch = prequalified(erp, program, [row(1)])
        other = Erp.approved(bank, name="Other GmbH")
        asked = batch_request(other, [row(1)])
        assert other.raw("POST", f"/v1/programs/{program['id']}/prequalifications", asked).status_code == 404
        for path in ("", "/results"):
            assert other.raw("GET", f"/v1/prequalifications/{batch['id']}{path}").status_code == 404
        # Another's chunk is as if it were not there.
        theirs = new_program(other)
        stolen = batch_request(erp, [row(1)])
        stolen["chunks"] = batch_request(erp, [row(9)])["chunks"]
        refused = other.raw("POST", f"/v1/programs/{theirs['id']}/prequalifications", stolen)
        assert refusal(refused) == (422, "validation-failed", "/chunks/0")

    def test_a_program_that_does_not_stand_takes_no_batch_and_decides_none(
        self, bank: Bank, erp: Erp, program: Any
    ) -> None:
        path = f"/v1/programs/{program['id']}/prequalifications"
        sent = good(erp.raw("POST", path, batch_request(erp, [row(1)])))
        good(erp.raw("POST", f"/v1/programs/{program['id']}/close", {"reason": "over"}))
        bank.run_jobs()
        batch = good(erp.raw("GET", f"/v1/prequalifications/{sent['id']}"))
        assert (batch["status"], batch["message"]) == ("REJECTED", "The program is CLOSED.")
        assert [event["type"] for event in events_of(erp, "prequalification.")] == ["prequalification.rejected"]
        assert refusal(erp.raw("POST", path, batch_request(erp, [row(1)])))[:2] == (409, "wrong-state")


class TestJob:
    def test_it_goes_on_after_a_restart_where_it_stopped(
        self, bank: Bank, erp: Erp, program: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = [row(number) for number in range(1, 7)]
        asked = batch_request(erp, rows, size=2)
        sent = good(erp.raw("POST", f"/v1/programs/{program['id']}/prequalifications", asked))
        decided: list[int] = []
        real = deciding._decide_rows

        def dies_in_the_second(session: Any, program: Any, batch: Batch, frame: Frame) -> Any:
            counts = real(session, program, batch, frame)
            decided.append(batch.decided_chunks)
            if len(decided) == 2:
                raise RuntimeError("power cut")
            return counts

        monkeypatch.setattr(deciding, "_decide_rows", dies_in_the_second)
        jobs.run_due(bank.gateway)
        with bank.gateway.db.read() as session:
            kept = session.scalars(sa.select(Result.row).where(Result.batch_id == sent["id"])).all()
            assert (sorted(kept), session.get_one(Batch, sent["id"]).status) == ([1, 2], "RECEIVED")
            # What an undecided batch needs is no leftover.
            with bank.gateway.db.write() as writing:
                leftovers.erase(writing, wall_time() + timedelta(minutes=1))
            assert documents.exists(session, erp.client_id, asked["chunks"][2]["sha256"])
        jobs.run_due(bank.gateway)
        assert decided == [0, 1, 1, 2]
        batch = good(erp.raw("GET", f"/v1/prequalifications/{sent['id']}"))
        assert (batch["status"], batch["approved"]) == ("DECIDED", 6)
        assert [one.row for one in results(erp, batch)] == [1, 2, 3, 4, 5, 6]
        assert len(events_of(erp, "prequalification.")) == 1

    def test_the_same_rows_give_the_same_results_however_they_are_cut(self, bank: Bank, erp: Erp, program: Any) -> None:
        rows = [
            row(
                number,
                invoiced=f"{(number * 7919) % 900_000}.{number % 100:02d}",
                deliveries_late=number % 51,
                returned=f"{(number * 31) % 6000}.00",
                credited=f"{(number * 17) % 9000}.00",
                disputed=f"{(number * 13) % 3000}.00",
                months_active=number % 60,
            )
            for number in range(1, 1201)
        ]
        first = prequalified(erp, program, rows)
        assert first["approved"] + first["referred"] + first["declined"] == 1200
        assert min(first["approved"], first["referred"], first["declined"]) > 0
        again = prequalified(erp, program, rows, size=350)
        before, after = results(erp, first), results(erp, again)
        assert before == after
        assert all(one.limit % 100 == 0 and one.limit <= 60_000 for one in before)

    def test_its_memory_does_not_grow_with_the_batch(self, bank: Bank, erp: Erp, program: Any) -> None:
        def peak(rows: int) -> int:
            asked = batch_request(erp, [row(number) for number in range(rows)], size=100)
            good(erp.raw("POST", f"/v1/programs/{program['id']}/prequalifications", asked))
            tracemalloc.start()
            try:
                jobs.run_due(bank.gateway)
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        peak(100)  # what is loaded once
        assert peak(800) < 1.5 * peak(100)


class TestRules:
    """One row and the rules of Rhône, without a bank."""

    FRAME = Frame(
        currency="EUR",
        as_of=TODAY,
        months=24,
        anchor_limit=Decimal("400000.00"),
        member_limit=Decimal("60000.00"),
        supplier_limit=Decimal("400000.00"),
        rules=load_profile(PROFILES / "rhone.toml").prequalification,  # type: ignore[arg-type]
    )

    def decided(self, **changes: Any) -> Any:
        sent = row(1, last_order_on="2026-11-01") | changes
        decided = decide(wire.PrequalificationRow.model_validate(sent), self.FRAME)
        assert sum(reason.effect for reason in decided.reasons) == decided.limit
        assert decided.reasons[0].code == "base"
        return decided

    def steps(self, decided: Any) -> list[tuple[str, str]]:
        return [(reason.code, str(reason.effect)) for reason in decided.reasons]

    def test_nothing_to_complain_about(self) -> None:
        decided = self.decided()
        assert (decided.status, decided.limit) == ("APPROVED", Decimal("2800.00"))
        assert decided.valid_until == TODAY + timedelta(days=180)
        assert self.steps(decided) == [("base", "2880.00"), ("rounding", "-80.00")]
        assert decided.reasons[0].figure == Decimal("2400.00")

    def test_each_reduction_takes_of_what_is_left(self) -> None:
        decided = self.decided(deliveries_late=20, returned="5900.00", credited="5760.00")
        assert self.steps(decided) == [
            ("base", "2880.00"),
            ("late_deliveries_percent", "-576.00"),
            ("returned_percent", "-345.60"),
            ("credited_percent", "-293.76"),
            ("rounding", "-64.64"),
        ]
        late = decided.reasons[1]
        assert (late.figure, late.threshold) == (Decimal("40.00"), Decimal("20.00"))

    def test_caps_come_after_the_reductions(self) -> None:
        decided = self.decided(invoiced="2400000.00", ordered="2400000.00")
        assert self.steps(decided) == [("base", "120000.00"), ("member_cap", "-60000.00")]
        assert decided.limit == Decimal("60000.00")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"months_active": 5}, "months_active"),
            ({"last_order_on": None}, "days_since_last_order"),
            ({"last_order_on": "2026-05-25"}, "days_since_last_order"),
            ({"disputed": "5770.00"}, "disputed_percent"),
            ({"invoiced": "19000.00"}, "limit"),
            ({"invoiced": "0.00"}, "limit"),
        ],
    )
    def test_a_declined_row_has_nothing_left_and_says_why(self, changes: dict[str, Any], code: str) -> None:
        decided = self.decided(**changes)
        assert (decided.status, decided.limit, decided.valid_until) == ("DECLINED", Decimal(0), None)
        assert code in {reason.code for reason in decided.reasons}

    def test_every_ground_to_decline_is_told(self) -> None:
        decided = self.decided(months_active=1, disputed="9000.00")
        assert self.steps(decided)[-2:] == [("months_active", "-2800.00"), ("disputed_percent", "0.00")]

    def test_a_referred_row_shows_what_an_officer_will_look_at(self) -> None:
        decided = self.decided(deliveries_late=26)
        assert (decided.status, decided.limit) == ("REFERRED", Decimal("2300.00"))
        assert self.steps(decided)[-1] == ("late_deliveries_percent", "0.00")

    def test_a_figure_that_is_on_its_bound_passes(self) -> None:
        decided = self.decided(deliveries_late=10, disputed="5760.00", months_active=6, last_order_on="2026-05-26")
        assert self.steps(decided) == [("base", "2880.00"), ("rounding", "-80.00")]

    @pytest.mark.parametrize(
        ("first", "last", "expected"),
        [("2024-11-23", "2026-11-22", 24), ("2026-11-01", "2026-11-30", 1), ("2026-11-22", "2026-11-22", 1)],
    )
    def test_a_period_has_whole_months(self, first: str, last: str, expected: int) -> None:
        assert months(wire.Period.model_validate({"from": first, "to": last})) == expected


def test_officers_see_a_batch_with_each_step(bank: Bank, erp: Erp, program: Any) -> None:
    batch = prequalified(erp, program, [row(1), row(2, months_active=1)])
    page = bank.officer.page(f"prequalifications/{batch['id']}")
    assert "Rounded down to a multiple of 100.00." in page and "V000002" in page
    declined = bank.officer.page(f"prequalifications/{batch['id']}?status=DECLINED")
    assert "V000002" in declined and "V000001" not in declined
    assert batch["batch_id"] in bank.officer.page(f"programs/{program['id']}")
