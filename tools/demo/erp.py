"""One person's access to Odoo over its public JSON-2 API, with an API key: the rights are those of the screens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import requests

TIMEOUT_SECONDS = 120
Domain = Sequence[Any]
Row = dict[str, Any]


class ErpRefused(Exception):
    """Odoo did not do it; the message is what the person would read on the screen."""


class Erp:
    def __init__(self, *, url: str, database: str, api_key: str, name: str) -> None:
        self.name = name
        self._url = url.rstrip("/")
        self._http = requests.Session()
        self._http.headers.update({"Authorization": f"bearer {api_key}", "X-Odoo-Database": database})

    def call(
        self, model: str, method: str, ids: Sequence[int] = (), *, context: dict[str, Any] | None = None, **named: Any
    ) -> Any:
        """Calls a public method; its arguments go by name.

        :raises ErpRefused: Odoo refused, or does not answer.
        """
        body = {**named, **({"ids": list(ids)} if ids else {}), "context": context or {}}
        try:
            answer = self._http.post(f"{self._url}/json/2/{model}/{method}", json=body, timeout=TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise ErpRefused(f"Odoo does not answer at {self._url}: {type(error).__name__}.") from error
        if answer.ok:
            return answer.json()
        raise ErpRefused(_message(answer))

    def create(self, model: str, values: Row, *, context: dict[str, Any] | None = None) -> int:
        [record_id] = self.call(model, "create", vals_list=[values], context=context)
        return int(record_id)

    def write(self, model: str, record_id: int, values: Row) -> None:
        self.call(model, "write", [record_id], vals=values)

    def read(self, model: str, record_id: int, *fields: str) -> Row:
        [row] = self.call(model, "read", [record_id], fields=list(fields))
        return row

    def search(
        self, model: str, domain: Domain, *fields: str, order: str = "id", limit: int | None = None
    ) -> list[Row]:
        return self.call(model, "search_read", domain=domain, fields=["id", *fields], order=order, limit=limit)

    def total(self, model: str, domain: Domain, field: str) -> float:
        """The sum of `field` over the records that match."""
        [row] = self.call(model, "formatted_read_group", domain=domain, groupby=[], aggregates=[f"{field}:sum"])
        return row[f"{field}:sum"] or 0.0


def _message(answer: requests.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"Odoo answered {answer.status_code} on {answer.request.path_url}."
