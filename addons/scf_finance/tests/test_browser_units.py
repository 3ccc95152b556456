from unittest.mock import patch
from urllib.parse import quote

from odoo.tests import HttpCase, tagged

SUCCESS = "[HOOT] Test suite succeeded"
# A test fails only after as long: a computer that does many things at once is slow, not wrong.
TEST_MILLISECONDS = 60_000
PAGE_SECONDS = 600


@tagged("post_install", "-at_install")
class TestUnitTestsOfTheBrowser(HttpCase):
    """The browser's unit tests of this module (static/tests/*.test.js), in one page: to start a browser costs most.

    Odoo's own WebSuite runs them among all others.
    """

    def test_unit_tests_of_the_screens_pass(self):
        self._assert_pass("@scf_finance")

    def test_failed_unit_test_is_told_with_its_name_and_its_reason(self):
        told = "[HOOT] Test \"@scf_finance/scf_panel/amounts\" failed:\n1. [toHaveText] Received \"9\", expected \"10\""

        def browser_js(*_args, error_checker, **_options):
            self.assertFalse(error_checker(told), "the page goes on to the next test")
            raise AssertionError("Some js test failed")

        with patch.object(self, "browser_js", browser_js), self.assertRaises(AssertionError) as failure:
            self._assert_pass("@scf_finance")
        self.assertEqual(str(failure.exception), f"{told}\n\nSome js test failed")

    def _assert_pass(self, suite):
        """Run the unit tests below `suite`; where some fail, fail with the words of each."""
        failures = []

        def ends_the_page(message):
            if "[HOOT]" in message:
                failures.append(message)
                return False
            return True

        try:
            self.browser_js(
                f"/web/tests?headless&loglevel=2&preset=desktop&timeout={TEST_MILLISECONDS}&filter={quote(suite)}",
                "",
                login="admin",
                timeout=PAGE_SECONDS,
                success_signal=SUCCESS,
                error_checker=ends_the_page,
            )
        except AssertionError as failure:
            raise AssertionError("\n\n".join([*failures, str(failure)])) from None
