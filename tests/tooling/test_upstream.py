"""With us against without us."""

from __future__ import annotations

from scf_tool.upstream import Results, compare

ONE, TWO = "odoo.addons.sale.tests.test_a.A.test_one", "odoo.addons.sale_stock.tests.test_b.B.test_two"


def results(ran, failed=(), skipped=()):
    return Results(frozenset(ran), dict.fromkeys(failed, "AssertionError: x"), frozenset(skipped))


def test_same_failures_are_no_difference():
    assert compare(results([ONE, TWO], [ONE]), results([ONE, TWO], [ONE])) == []


def test_same_number_of_other_failures_is_two_differences():
    differences = compare(results([ONE, TWO], [ONE]), results([ONE, TWO], [TWO]))
    assert differences == [
        f"fails only with us: {TWO} (AssertionError: x)",
        f"fails only without us: {ONE} (AssertionError: x)",
    ]


def test_test_that_did_not_run_is_a_difference():
    assert compare(results([ONE, TWO]), results([ONE])) == [f"ran only without us: {TWO}"]


def test_test_that_was_skipped_on_one_side_is_a_difference():
    assert compare(results([ONE]), results([ONE], skipped=[ONE])) == [f"skipped on one side only: {ONE}"]


def test_modules_whose_names_begin_alike_are_kept_apart():
    assert results([ONE, TWO]).of_module("sale") == (1, 0, 0)
    setup = "setUpClass (odoo.addons.sale_stock.tests.test_b.B)"
    assert results([ONE, TWO], [setup]).of_module("sale_stock") == (1, 1, 0)
