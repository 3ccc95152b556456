"""The drawing: the whole book, from the package alone."""

from __future__ import annotations

from reportlab.platypus import Flowable, PageBreak, Spacer

from openscf._internal.sections import Sections
from openscf.package import Header
from openscf.pdf import fonts
from openscf.pdf.book import bind
from openscf.pdf.cash import cash, forecast
from openscf.pdf.closing import checks, consent, files, verification
from openscf.pdf.cover import cover
from openscf.pdf.documents import documents
from openscf.pdf.goods import resale
from openscf.pdf.holdings import exposure, inventory
from openscf.pdf.trade import deliveries, orders, taxes
from openscf.pdf.wording import words

_GAP = 16


def draw(header: Header, sections: Sections) -> bytes:
    """Return the pages as a plain PDF; the same package gives the same bytes.

    Raises FontMissing where a font is not on this machine, InputInvalid for a currency that does not exist.
    """
    fonts.register()
    story: list[Flowable] = [*cover(header, sections), PageBreak(), *documents(sections)]
    for chapter in (resale, checks, orders, deliveries, taxes, cash, forecast, inventory, exposure, consent, files):
        flowables = list(chapter(sections))
        if flowables:
            story += [Spacer(1, _GAP), *flowables]
    story += [Spacer(1, _GAP), *verification(header, sections)]
    applicant = sections.party.applicant.name
    return bind(
        story,
        header=f"{words(sections.transaction.technique)} · {applicant}",
        package_id=header.package_id,
        title=f"Evidence package of {applicant}",
        author=header.issuer.name,
    )
