"""A supplier in front of the portal: its pages over HTTP, each form filled in as it comes, and no script."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin

import lxml.html
import requests

from demo.erp import TIMEOUT_SECONDS
from demo.stage import StoryFailed

# What a page says where it refuses a form.
_PROBLEMS = '//*[contains(@class, "alert-danger") or contains(@class, "invalid-feedback")]'


class Portal:
    """One person's browser; the page that is open is where the next form is looked for."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = requests.Session()
        self.page = lxml.html.HtmlElement()

    def open(self, path: str) -> None:
        """Go to a page."""
        self._take(self._http.get(urljoin(self._url, path), timeout=TIMEOUT_SECONDS))

    def send(
        self,
        action: str,
        fields: Mapping[str, str] | None = None,
        *,
        file: tuple[str, bytes] | None = None,
        **hidden: str,
    ) -> None:
        """Fill in the form that goes to an address ending in `action`, and send it.

        :param file: name and bytes of the PDF that its input `files` gets.
        :param hidden: inputs by which to tell the form from others with the same address.
        :raises StoryFailed: there is no such form, or the page refuses what was filled in.
        """
        for form in self.page.forms:
            values = dict(form.form_values())
            target = urljoin(self.page.base_url, form.action or "")
            if target.partition("?")[0].endswith(action) and hidden.items() <= values.items():
                break
        else:
            raise StoryFailed(f"The page {self.page.base_url} has no form that goes to …{action}.")
        files = {"files": (*file, "application/pdf")} if file else None
        self._take(self._http.post(target, data={**values, **(fields or {})}, files=files, timeout=TIMEOUT_SECONDS))

    def touch(self) -> None:
        """Say that somebody looks at the invitation that is open, as its script does at the first touch."""
        seen, token = (self.value_of(f"//*[@id='scf_landing']/@data-{name}") for name in ("seen", "token"))
        answer = self._http.post(urljoin(self._url, seen), data={"csrf_token": token}, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()

    def value_of(self, xpath: str) -> str:
        """The first attribute or text that the open page has there.

        :raises StoryFailed: it has none.
        """
        found = self.page.xpath(xpath)
        if not found:
            raise StoryFailed(f"The page {self.page.base_url} shows nothing at {xpath}.")
        return str(found[0])

    def _take(self, answer: requests.Response) -> None:
        if answer.content:
            self.page = lxml.html.fromstring(answer.content, base_url=answer.url)
        if not answer.ok:
            said = " ".join(" ".join(one.text_content().split()) for one in self.page.xpath(_PROBLEMS))
            raise StoryFailed(f"The portal answered {answer.status_code} at {answer.url}: {said or answer.reason}")
