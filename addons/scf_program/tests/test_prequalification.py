import json
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from openscf.errors import BankUnreachable
from openscf.programs import (
    PrequalificationRequest,
    PrequalificationResult,
    read_chunk,
)

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models import scf_prequalification_part
from ..prequalification.change import changes
from ..prequalification.waterfall import steps_of
from .common import ProgramCase


class ResultPages:
    """A bank that has decided: it gives its results by pages, and can't be reached after row `last`."""

    def __init__(self, results, last):
        self.results, self.last, self.asked = results, last, []

    def prequalification_results(self, prequalification_id, after, limit):
        self.asked.append(after)
        if after == self.last:
            raise BankUnreachable("No answer.")
        return tuple(result for result in self.results if result.row > after)[:limit]


def result(row, ref, limit="80.00", status="APPROVED", **members):
    """A line of a bank's answer: a base of 100, and what is taken from it."""
    taken = float(limit) - 100
    reasons = [{"code": "base", "effect": "100.00", "message": "Two months of bills"}]
    if taken:
        reasons.append(
            {
                "code": "late_deliveries",
                "figure": "12.00",
                "threshold": "5.00",
                "effect": f"{taken:.2f}",
                "message": "12 % of the deliveries were late",
            }
        )
    return PrequalificationResult.model_validate(
        {"row": row, "member_ref": ref, "status": status, "limit": limit, "reasons": reasons, **members}
    )


@tagged("post_install", "-at_install")
class TestPrequalification(ProgramCase):
    """Suppliers are pre-approved from the anchor's records: looked at, sent once, answered row by row."""

    def given(self):
        super().given()
        self.asked = []
        self.program = self._running()
        self.program_bank = self.program.bank_ids
        self.bills = [
            self._bill(partner, amount, ago=400) for partner, amount in zip(self.vendors, (900, 700, 500), strict=True)
        ]
        self._bill(self.steel, 100.0, ago=30)
        self.batch = self._ready()

    # --- the story's vocabulary ---

    def _ready(self, **values):
        """A batch whose figures were worked out."""
        values = {"program_id": self.program.id, **values}
        batch = self._as("requester", self.env["scf.prequalification"]).create(values)
        batch.action_read()
        self._work()
        return batch

    def _work(self, results=(), *, reached_until=None):
        """Run the job, with a bank that has these results."""
        pages = ResultPages(results, reached_until)
        with patch.object(type(self.rhone), "_adapter", lambda bank, *args: pages), self._jobs_commit_nothing():
            self.env["scf.prequalification"].sudo()._cron_run()
        self.asked += pages.asked
        return pages

    @contextmanager
    def _jobs_commit_nothing(self):
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda cron, *args, **kwargs: float("inf")):
            yield

    def _sent(self, batch=None):
        """The batch, approved and queued; gives its part."""
        batch = batch or self.batch
        batch.action_send()
        self._as("approver", batch).action_approve()
        self._work()
        return batch.sudo().part_ids

    def _received(self):
        part = self._sent()
        self.rhone_bank.answer("prequalify", self._wire(part, "RECEIVED"))
        return part

    def _wire(self, part, status, **members):
        return {"id": "prq-1", "batch_id": part.batch_ref, "status": status, "rows": part.row_count, **members}

    def _tell(self, part, status="DECIDED", **members):
        kind = {"DECIDED": "decided", "REJECTED": "rejected"}[status]
        subject = {"program_id": self.program.reference, "batch_id": part.batch_ref}
        content = {"prequalification": self._wire(part, status, **members)}
        return self.rhone_bank.tell_subject(f"prequalification.{kind}", content, subject)

    def _rows(self, message):
        chunks = [
            row
            for chunk in json.loads(message.payload)["chunks"]
            for row in read_chunk(
                message.document_ids.filtered(lambda file, sha=chunk["sha256"]: file.name == sha).raw, currency="USD"
            )
        ]
        return {row.member_ref: row for row in chunks}

    def _at_bank(self, partner):
        return self.program.member_ids.filtered(lambda member: member.partner_id == partner).bank_ids

    def _answer(self, part, **by_name):
        """The bank's results; suppliers by the first word of their name, others get 80.00."""
        refs = part._refs()
        return [
            result(row, ref, **by_name.get(line.partner_id.name.split()[0], {}))
            for row, (ref, line) in enumerate(refs.items(), start=1)
        ]

    # --- what is sent ---

    def test_what_is_sent_is_what_was_looked_at_and_nobody_is_named(self):
        self.assertEqual(self.batch.state, "ready")
        self.assertEqual(self.batch.line_ids.partner_id, self.vendors)
        steel = self.batch.line_ids.filtered(lambda line: line.partner_id == self.steel)
        self.assertEqual((steel.invoiced, steel.is_named), (1000.0, False))
        self.assertIn("2 bills of $\xa01,000.00", steel.sentence)
        part = self._sent()
        message = self.rhone_bank.queued("prequalify")
        request = PrequalificationRequest.model_validate(json.loads(message.payload))
        self.assertEqual((request.rows, str(request.totals.invoiced)), (3, "2200.00"))
        self.assertEqual((request.period.from_, request.period.to), (self.batch.start_on, self.today))
        rows = self._rows(message)
        self.assertEqual(set(rows), set(part._refs()))
        self.assertFalse([row for row in rows.values() if row.named or row.party])
        sent = b"".join(message.document_ids.mapped("raw")) + message.payload.encode()
        for partner in self.vendors:
            self.assertNotIn(partner.name.encode(), sent)
            self.assertNotIn(partner.vat.encode(), sent)
        self.assertEqual(message.res_model, "scf.prequalification.part")
        self.assertEqual(part._scf_target("prequalify"), self.program_bank.bank_program_ref)

    def test_each_bank_has_codes_of_its_own(self):
        part = self._sent()
        other = part.new({"prequalification_id": self.batch.id, "bank_id": self.hansa.id})
        self.assertFalse(set(part._refs()) & set(other._refs()))

    def test_a_supplier_that_consented_is_named_to_that_bank(self):
        with self._consenting(self.steel):
            batch = self._ready()
            self.assertEqual(batch.named_count, 1)
            self._sent(batch)
            named = [row for row in self._rows(self.rhone_bank.queued("prequalify")).values() if row.named]
        [row] = named
        self.assertEqual((row.party.name, row.party.tax_id), (self.steel.name, self.steel.vat))

    def test_a_consent_taken_back_before_it_left_has_the_batch_made_again_without_the_name(self):
        with self._consenting(self.steel):
            part = self._sent(self._ready())
        first = part.batch_ref
        message = self.rhone_bank.answer("prequalify", self._wire(part, "RECEIVED"))
        self.assertEqual((message.state, part.state), ("cancelled", "waiting"))
        self._work()
        self.assertNotEqual(part.batch_ref, first)
        self.assertFalse([row for row in self._rows(self.rhone_bank.queued("prequalify")).values() if row.named])

    @contextmanager
    def _consenting(self, partner):
        def consents(batch, partners):
            return {bank: {partner.id} & set(partners.ids) for bank in batch.program_bank_ids}

        with patch.object(type(self.env["scf.prequalification"]), "_consents", consents):
            yield

    def test_whom_somebody_unticked_is_not_sent(self):
        self.batch.line_ids.filtered(lambda line: line.partner_id == self.cork).is_included = False
        part = self._sent()
        self.assertEqual(part.row_count, 2)
        self.assertNotIn(self.cork, self.program.member_ids.partner_id)

    def test_members_exist_before_anybody_is_invited(self):
        self._sent()
        self.assertEqual(self.program.member_ids.partner_id, self.vendors)
        self.assertEqual(set(self.program.member_ids.mapped("state")), {"draft"})
        self.assertEqual(self.program.member_ids.filtered(lambda m: m.partner_id == self.cork).email, self.cork.email)

    def test_the_same_day_gives_the_same_bytes(self):
        first = self._sent()
        self.assertEqual(first.state, "queued")
        contents = self.rhone_bank.queued("prequalify").document_ids.mapped("raw")
        again = self._sent(self._ready())
        self.assertNotEqual(first.batch_ref, again.batch_ref)
        self.assertEqual(self.rhone_bank.queued("prequalify")[1].document_ids.mapped("raw"), contents)

    # --- who may ---

    def test_a_colleague_looks_at_it_where_the_program_says_so(self):
        self.batch.action_send()
        self.assertEqual(self.batch.state, "to_approve")
        with self.assertRaisesRegex(UserError, "Only an approver"):
            self.batch.action_approve()
        self.people["requester"].group_ids += self.env.ref("scf_connector.group_scf_approver")
        with self.assertRaisesRegex(UserError, "somebody else has to approve"):
            self.batch.action_approve()
        with self.assertRaisesRegex(UserError, "asked for as it is"):
            self.batch.source = "members"
        with self.assertRaisesRegex(UserError, "stays as it was looked at"):
            self.batch.line_ids[0].is_included = False
        self._as("approver", self.batch).action_approve()
        self.assertEqual((self.batch.state, self.batch.approved_by_id), ("sending", self.people["approver"]))

    def test_without_a_second_look_it_goes_out_at_once(self):
        self.program.prequalify_second_look = False
        self.batch.action_send()
        self.assertEqual(self.batch.state, "sending")

    def test_other_choices_are_other_figures(self):
        self.batch.write({"source": "chosen", "partner_ids": [Command.set(self.cork.ids)]})
        self.assertEqual(self.batch.state, "draft")
        with self.assertRaisesRegex(UserError, "look at them first"):
            self.batch.action_send()
        self.batch.action_read()
        self._work()
        self.assertEqual(self.batch.line_ids.partner_id, self.cork)

    def test_figures_of_another_day_are_worked_out_again(self):
        self.batch.sudo().as_of -= timedelta(days=1)
        with self.assertRaisesRegex(UserError, "of another day"):
            self.batch.action_send()

    def test_what_the_system_keeps_nobody_writes(self):
        part = self._sent()
        for record, vals in (
            (self.batch, {"state": "done"}),
            (self.batch, {"approved_by_id": self.people["requester"].id}),
            (part, {"approved_count": 3}),
        ):
            with self.subTest(record=record._name, vals=vals), self.assertRaises(AccessError):
                self._as("requester", record).write(vals)
        with self.assertRaisesRegex(UserError, "stays as it was looked at"):
            self._as("requester", self.batch.line_ids[0]).figures = {}
        for record in (self.batch, self.batch.line_ids, part):
            with self.assertRaises(AccessError):
                record.with_user(self.people["accountant"]).read(["display_name"])
        stranger = self.env["res.company"].create({"name": "Stranger"})
        self.people["requester"].write({"company_ids": [Command.set(stranger.ids)], "company_id": stranger.id})
        with self.assertRaises(AccessError):
            self.batch.with_user(self.people["requester"]).with_company(stranger).read(["name"])

    def test_a_bank_that_has_not_agreed_and_a_program_of_sales_are_refused(self):
        hansa = self.env["scf.program.bank"].sudo().create({"program_id": self.program.id, "bank_id": self.hansa.id})
        batch = self._as("requester", self.env["scf.prequalification"]).create(
            {"program_id": self.program.id, "program_bank_ids": [Command.set(hansa.ids)]}
        )
        with self.assertRaisesRegex(UserError, "Hansa Bank has not agreed"):
            batch.action_read()
        self.program.kind = "distributor_finance"
        with self.assertRaisesRegex(UserError, "reads what you bought"):
            self.batch.action_read()

    # --- what the bank answers ---

    def test_limits_come_with_reasons_that_add_up_and_are_shown(self):
        part = self._received()
        self.assertEqual((part.state, self.batch.state), ("received", "sent"))
        until = fields.Date.to_string(self.today + timedelta(days=90))
        self._tell(part)
        self._work(
            self._answer(
                part,
                Papier={"limit": "100.00", "status": "REFERRED"},
                Cork={"limit": "0.00", "status": "DECLINED"},
                Steelworks={"valid_until": until},
            )
        )
        steel, paper, cork = (self._at_bank(partner) for partner in self.vendors)
        self.assertEqual((steel.status, paper.status, cork.status), ("prequalified", "referred", "declined"))
        self.assertEqual((steel.limit_amount, fields.Date.to_string(steel.valid_until)), (80.0, until))
        self.assertEqual(
            steel.reasons_text.splitlines(),
            ["+ $\xa0100.00: Two months of bills", "− $\xa020.00: 12 % of the deliveries were late"],
        )
        self.assertIn("width: 80.0%", steel.reasons_picture)
        self.assertIn("12 % of the deliveries were late", steel.reasons_picture)
        self.assertEqual((part.state, self.batch.state), ("answered", "done"))
        self.assertEqual((part.approved_count, part.referred_count, part.declined_count), (1, 1, 1))
        self.assertEqual(part.limit_total, 80.0)
        preapproved = self.program.member_ids.filtered("preapproved_amount")
        self.assertEqual((preapproved.partner_id, preapproved.preapproved_amount), (self.steel, 80.0))

    def test_each_page_is_fetched_once_also_after_a_break(self):
        part = self._received()
        self._tell(part)
        results = self._answer(part)
        with patch.object(scf_prequalification_part, "PAGE", 2):
            self._work(results, reached_until=2)
            self.assertEqual((part.state, part.fetched_row), ("decided", 2))
            self.assertIn("can't be reached", part.state_message)
            self.assertEqual(self.asked, [0, 2])
            self._work(results)
            self.assertEqual(self.asked, [0, 2], "not before the bank has had a rest")
            part.next_fetch_at = fields.Datetime.now()
            self._work(results)
        self.assertEqual(self.asked, [0, 2, 2])
        self.assertEqual((part.state, part.approved_count), ("answered", 3))

    def test_an_answer_that_cannot_be_believed_gives_nobody_a_limit(self):
        part = self._received()
        self._tell(part)
        good = self._answer(part)
        for bad, words in (
            ([good[0], result(2, "P-strange"), good[2]], "is about"),
            ([good[0], good[2]], "Row 2 of 3 was next"),
            (good[:2], "answers 2 of 3"),
            ([*good, result(4, "P-more")], "Row 4 of 3"),
            ([result(1, good[0].member_ref, status="DECLINED"), *good[1:]], "does not go with DECLINED"),
        ):
            with self.subTest(words):
                self._work(bad)
                self.assertEqual((part.state, part.fetched_row), ("failed", 0))
                self.assertIn(words, part.message)
                self.assertFalse(self.program.member_ids.bank_ids.filtered("limit_amount"))
                self._as("requester", part).action_retry()
        self._work(good)
        self.assertEqual((part.state, part.message), ("answered", False))

    def test_the_answer_to_an_earlier_question_changes_no_later_limit(self):
        first = self._received()
        later = self._sent(self._ready())
        self.rhone_bank.answer("prequalify", {**self._wire(later, "RECEIVED"), "id": "prq-2"})
        self._tell(later)
        self._work(self._answer(later, Steelworks={"limit": "60.00"}))
        self._tell(first)
        self._work(self._answer(first))
        self.assertEqual(self._at_bank(self.steel).limit_amount, 60.0)

    def test_a_batch_that_the_bank_rejects_or_refuses_is_told(self):
        part = self._received()
        self._tell(part, "REJECTED", message="The program is suspended.")
        self.assertEqual((part.state, self.batch.state), ("rejected", "done"))
        self.assertIn("The program is suspended.", self.batch.state_message)
        other = self._sent(self._ready())
        self.rhone_bank.refuse("prequalify", detail="/chunks/0/line/2: the row is twice.")
        self.assertEqual(other.state, "failed")
        self.assertIn("/chunks/0/line/2", self.program.message_ids[0].body)

    def test_an_event_that_overtakes_the_answer_is_not_undone_by_it(self):
        part = self._sent()
        self._tell(part)
        self.rhone_bank.answer("prequalify", self._wire(part, "RECEIVED"))
        self.assertEqual(part.state, "decided")

    def test_a_member_that_joins_names_the_row_of_its_preapproval(self):
        part = self._limited()
        at_bank = self._at_bank(self.steel)
        joining = self.env["scf.program.joining"]._of(at_bank.member_id)
        consent = self.env["scf.program.consent"].new(
            {"program_bank_id": self.program_bank.id, "given_at": fields.Datetime.now(), "expires_on": self.today}
        )
        reference = joining._wire(consent, at_bank)["member_ref"]
        self.assertEqual(part._refs()[reference].partner_id, self.steel)

    def test_what_is_on_the_screens_loads_and_is_found_by_its_limit(self):
        self._limited(Papier={"limit": "0.00", "status": "DECLINED"})
        for model, views in (
            ("scf.program", ["form"]),
            ("scf.program.member", ["form", "list", "search"]),
            ("scf.prequalification", ["form", "list", "search"]),
            ("scf.prequalification.line", ["form", "list", "kanban", "search"]),
        ):
            self._as("requester", self.env[model]).get_views([(False, view) for view in views])
        found = self._as("requester", self.env["scf.program.member"]).search(
            [("preapproved_amount", ">", 0), ("state", "=", "draft")]
        )
        self.assertEqual(found.partner_id, self.steel + self.cork)
        self.assertIn("Banque du Rhône\n+ $", found[0].reasons_text)

    # --- asked again ---

    def _limited(self, **answer):
        part = self._received()
        self._tell(part)
        self._work(self._answer(part, **answer))
        return part

    def test_limits_that_end_soon_are_asked_again_once_and_end_on_their_day(self):
        soon, later = (fields.Date.to_string(self.today + timedelta(days=days)) for days in (5, 60))
        self._limited(Steelworks={"valid_until": soon}, Papier={"valid_until": later}, Cork={"valid_until": later})
        for _day in range(2):
            with self._jobs_commit_nothing():
                self.env["scf.program"].sudo()._cron_limits_end()
        again = self.env["scf.prequalification"].search([("is_asked_again", "=", True)])
        self.assertEqual(again.partner_ids, self.steel)
        self._work()
        self.assertEqual(again.state, "ready")
        self.assertIn("The limit ends on", again.line_ids.why)
        self.assertTrue(self.program.activity_ids.filtered(lambda activity: again.name in activity.note))
        self._at_bank(self.steel).valid_until = self.today - timedelta(days=1)
        with self._jobs_commit_nothing():
            self.env["scf.program"].sudo()._cron_limits_end()
        self.assertEqual((self._at_bank(self.steel).status, self._at_bank(self.steel).limit_amount), ("none", 0.0))
        self.assertEqual(self._at_bank(self.paper).limit_amount, 80.0)

    def test_a_supplier_whose_trade_moved_is_asked_about_again(self):
        self._limited()
        with self._jobs_commit_nothing():
            self.env["scf.program"].sudo()._cron_trade_moves()
        batches = self.env["scf.prequalification"]
        self.assertFalse(batches.search([("is_asked_again", "=", True)]))
        told = self._at_bank(self.paper)
        told.told_figures = {**told.told_figures, "deliveries": 10, "deliveries_late": 5}
        with self._jobs_commit_nothing():
            self.env["scf.program"].sudo()._cron_trade_moves()
        again = batches.search([("is_asked_again", "=", True)])
        self.assertEqual(again.partner_ids, self.paper)
        self.assertIn("Late deliveries went from 50.00 % to 0.00 %.", again.reasons_to_ask[str(self.paper.id)])

    def test_changes_beyond_the_threshold_count_in_points_and_purchases_in_percent(self):
        before = {
            "deliveries": 100,
            "deliveries_late": 10,
            "returned": "5.00",
            "received": "100.00",
            "ordered": "1000.00",
        }
        for after, codes in (
            ({}, []),
            ({"deliveries_late": 30}, []),
            ({"deliveries_late": 31}, ["late_percent"]),
            ({"returned": "25.01"}, ["returned_percent"]),
            ({"ordered": "1200.00"}, []),
            ({"ordered": "799.99"}, ["ordered"]),
            ({"ordered": "0.00", "returned": "60.00"}, ["returned_percent", "ordered"]),
        ):
            with self.subTest(after):
                found = changes(before, {**before, **after}, threshold=20)
                self.assertEqual([change.code for change in found], codes)

    def test_a_waterfall_hangs_each_bar_on_the_one_before(self):
        steps = steps_of([{"effect": effect, "message": "…"} for effect in ("100.00", "-30.00", "-20.00")])
        self.assertEqual([(step.begins_percent, step.width_percent) for step in steps], [(0, 100), (70, 30), (50, 20)])
        self.assertEqual(steps_of([]), [])
