"""The bank that others test against, and what kill -9 leaves behind."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
import requests
from erp import Erp, acceptance_of, new_key, new_sale
from openscf_bank.testing import OFFICER_NAME, BankProcess, BankProcessError
from server import Bank


class Story(BankProcess):
    """A BankProcess with the few words that the tests' ERP needs."""

    def approve(self, client_id: str) -> None:
        self.approve_client(client_id)

    def today(self) -> Any:
        return self.gateway.clock.today()


def test_a_story_survives_kill_9_on_the_same_port_and_data() -> None:
    with Story({"base": "hansa", "offers": {"valid_days": 2}}) as bank:
        assert bank.name == "Hansa Handelsbank"
        erp = Erp.approved(cast(Bank, bank))
        sale = new_sale()
        request, key = erp.request(sale), new_key()
        application = erp.http.apply(request, idempotency_key=key)
        bank.kill()
        with pytest.raises(requests.ConnectionError):
            requests.get(bank.url, timeout=5)
        bank.start()
        assert erp.http.apply(request, idempotency_key=key) == application

        bank.officer.approve(application.id, principal="7000.00")
        offer = erp.http.application(application.id).offers[0]
        acceptance, key = acceptance_of(offer), new_key()
        granted = erp.http.accept(offer.id, acceptance, idempotency_key=key)
        bank.kill()
        bank.start()
        assert erp.http.accept(offer.id, acceptance, idempotency_key=key) == granted
        loan = erp.http.loan(granted.id)
        assert (loan.status, loan.balance.principal) == ("ACTIVE", Decimal("7000.00"))

        bank.set_clock(bank.today() + timedelta(days=40))
        erp.collect(loan, "11900.00")
        assert erp.http.loan(loan.id).status == "CLOSED"
        assert len(erp.event_types()) == 7
        assert erp.reads() == [("system", "verified"), (OFFICER_NAME, "opened")]
        assert [event["cursor"] for event in erp.events()] == [str(number) for number in range(1, 10)]

        late = erp.apply(new_sale(requested=Decimal("1500.00"), due_in_days=60))
        bank.stop()
        bank.set_clock(bank.today() + timedelta(days=3))
        bank.run_jobs()
        bank.start()
        assert erp.http.application(late.id).offers[0].status == "EXPIRED"
        assert "Traceback" not in bank.log()

        bank.stop()
        with ThreadPoolExecutor(1) as pool:
            starting = pool.submit(bank.start)
            while bank._process is None and not starting.done():
                time.sleep(0.001)
            bank.kill()  # waits until the start is over
            starting.result()
        assert not bank.running


def test_a_bank_that_cannot_start_says_why() -> None:
    with pytest.raises(BankProcessError, match="no profile"):
        BankProcess("lombard")
