import os
from collections import Counter

from odoo.tests import tagged

from .pledge_walk import PledgeWalk

# Enough for each operation to come through and to be refused. SCF_WALKS=50 looks for what no short walk has met.
WALKS = int(os.environ.get("SCF_WALKS", "2"))
STEPS = 300


@tagged("post_install", "-at_install")
class TestPledgeWalk(PledgeWalk):
    """Whatever is tried with the stock, pledged goods stay; once released, they move."""

    def test_no_operation_takes_pledged_goods(self):
        outcomes = Counter(), Counter(), Counter()
        for seed in range(WALKS):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                for total, of_this_walk in zip(outcomes, self.walk(seed, STEPS), strict=True):
                    total.update(of_this_walk)
                self.release_all()
                self.assertEqual(self.deliver_everything(), 0)
                savepoint.rollback()
                self.env.invalidate_all()
        self.see_every_operation(outcomes)
