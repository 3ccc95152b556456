from odoo.tests import HttpCase

from .common import FinanceCase

TOUR_SECONDS = 300


class TourCase(FinanceCase, HttpCase):
    """A tour through the screens; it may take long on a computer that does many things at once.

    How long a tour waits for what a step names is said in the tour itself (`timeout`, in milliseconds).
    """

    def start_tour(self, url_path, tour_name, **options):
        options.setdefault("timeout", TOUR_SECONDS)
        return super().start_tour(url_path, tour_name, **options)
