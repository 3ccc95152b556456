from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged
from odoo.tests.common import BaseCase

from ..eligibility.enough import Candidate, cheapest_mix, largest_mix, most, reach
from .test_eligibility import bank_terms, facts

TODAY = date(2026, 12, 1)

candidates_of_all_kinds = st.lists(
    st.tuples(st.decimals(min_value=0, max_value=60, places=2), st.integers(min_value=-5, max_value=20)), max_size=9
).map(
    lambda rows: [
        Candidate(index, amount, TODAY + timedelta(days=days)) for index, (amount, days) in enumerate(rows, start=1)
    ]
)
wanted_amounts = st.decimals(min_value=Decimal("0.01"), max_value=150, places=2)


def rank(chosen, wanted, not_before):
    """What is better comes first: the earlier last payment, the fewer documents, the smaller surplus."""
    return (
        max(not_before, *(item.paid_on for item in chosen)),
        len(chosen),
        sum(item.amount for item in chosen) - wanted,
    )


@tagged("post_install", "-at_install")
class TestEnough(BaseCase):
    """The choice of documents that reach an amount: pure arithmetic on amounts and days."""

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(candidates=candidates_of_all_kinds, wanted=wanted_amounts, shortest=st.integers(min_value=0, max_value=12))
    def test_no_other_choice_is_better(self, candidates, wanted, shortest):
        not_before = TODAY + timedelta(days=shortest)
        mix = cheapest_mix(candidates, wanted, not_before=not_before)
        every = (
            chosen
            for count in range(1, len(candidates) + 1)
            for chosen in combinations(candidates, count)
            if sum(item.amount for item in chosen) >= wanted
        )
        best = min((rank(chosen, wanted, not_before) for chosen in every), default=None)
        self.assertEqual(mix and rank(mix.candidates, wanted, not_before), best)

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        amounts=st.lists(st.integers(min_value=1, max_value=10**7), min_size=200, max_size=400),
        part=st.floats(min_value=0.001, max_value=1),
    )
    def test_choice_among_hundreds_reaches_the_amount_with_the_fewest(self, amounts, part):
        candidates = [Candidate(index, Decimal(amount), TODAY) for index, amount in enumerate(amounts)]
        wanted = Decimal(max(int(sum(amounts) * part), 1))
        mix = cheapest_mix(candidates, wanted, not_before=TODAY)
        self.assertGreaterEqual(mix.amount, wanted)
        self.assertEqual(len(mix.candidates), len(largest_mix(candidates, wanted).candidates))
        self.assertEqual(len(set(mix.document_ids)), len(mix.candidates))

    def test_two_that_pay_soon_beat_one_that_pays_late(self):
        late = Candidate(1, Decimal(100), TODAY + timedelta(days=60))
        soon = [Candidate(index, Decimal(50), TODAY + timedelta(days=20)) for index in (2, 3)]
        mix = cheapest_mix([late, *soon], Decimal(100), not_before=TODAY)
        self.assertEqual(sorted(mix.document_ids), [2, 3])

    def test_who_pays_before_the_shortest_loan_ends_makes_it_no_cheaper(self):
        late = Candidate(1, Decimal(100), TODAY + timedelta(days=9))
        soon = [Candidate(index, Decimal(50), TODAY + timedelta(days=2)) for index in (2, 3)]
        mix = cheapest_mix([late, *soon], Decimal(100), not_before=TODAY + timedelta(days=10))
        self.assertEqual(mix.document_ids, [1], "one document does what two would")

    def test_least_surplus_decides_last(self):
        candidates = [Candidate(index, Decimal(amount), TODAY) for index, amount in enumerate((90, 70, 40, 35, 20))]
        self.assertEqual(cheapest_mix(candidates, Decimal(105), not_before=TODAY).amount, 105)

    def test_what_is_not_there_is_not_reached(self):
        self.assertIsNone(cheapest_mix([Candidate(1, Decimal(10), TODAY)], Decimal(11), not_before=TODAY))
        self.assertIsNone(cheapest_mix([], Decimal(1), not_before=TODAY))

    # --- at banks ---

    def _documents(self, *amounts_and_days, **members):
        start = facts(**members)
        return {
            number: replace(start, open_amount=Decimal(amount), expected_payment=start.today + timedelta(days=days))
            for number, (amount, days) in enumerate(amounts_and_days, start=1)
        }

    def test_largest_choice_is_compared_in_money(self):
        documents = self._documents((20000, 80), (12500, 30), (12500, 30))
        today = documents[1].today
        reached = reach(documents, Decimal(16000), today)
        self.assertEqual((sorted(reached.mix.document_ids), reached.tenor_days), ([2, 3], 30))
        self.assertEqual(reached.largest.document_ids, [1])
        # 16,000 at 8 % for 80 and for 30 days of 360: 284.44 and 106.67
        self.assertEqual(reached.dearer_by, Decimal("177.77"))

    def test_nothing_is_said_of_a_choice_that_costs_the_same(self):
        reached = reach(documents := self._documents((20000, 30), (5000, 30)), Decimal(10000), documents[1].today)
        self.assertEqual((reached.mix.document_ids, reached.dearer_by), ([1], None))

    def test_cheapest_bank_decides_and_its_tenor_leaves_out_who_pays_later(self):
        banks = (
            bank_terms(bank_id=1, rate_pa=Decimal(4), max_tenor_days=40),
            bank_terms(bank_id=2, rate_pa=Decimal(9)),
            bank_terms(bank_id=3, rate_pa=None),
        )
        documents = self._documents((20000, 80), (12500, 30), (12500, 30), banks=banks)
        reached = reach(documents, Decimal(16000), documents[1].today)
        self.assertEqual(sorted(reached.mix.document_ids), [2, 3])
        self.assertEqual(reached.cost, Decimal("133.33"))  # 16,000 × (4 % × 30/360 + 0.5 %)

    def test_more_than_all_carry_or_less_than_a_bank_lends_is_not_reached(self):
        documents = self._documents((20000, 80), (12500, 30))
        self.assertIsNone(reach(documents, Decimal(26001), documents[1].today))
        self.assertEqual(most(documents), Decimal(26000))
        self.assertIsNone(reach(documents, Decimal(999), documents[1].today))
        self.assertIsNone(reach({}, Decimal(1), TODAY))
        self.assertEqual(most(self._documents((90000, 30))), Decimal(50000), "the bank's upper limit")
