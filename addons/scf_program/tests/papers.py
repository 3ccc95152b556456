"""Documents as companies give them."""

import io

from pikepdf import Array, Dictionary, Encryption, Name, ObjectStreamMode, Pdf
from PIL import Image


def picture(kind="PNG", size=(3000, 20)):
    """A picture that Odoo would make smaller."""
    content = io.BytesIO()
    Image.new("RGB", size, "white").save(content, kind)
    return content.getvalue()


def pdf(change=None, **options):
    """A PDF of one page, its objects packed so that no word of them stands in the file; `change` gets the PDF."""
    content = io.BytesIO()
    with Pdf.new() as made:
        made.add_blank_page()
        if change:
            change(made)
        made.save(content, object_stream_mode=ObjectStreamMode.generate, **options)
    return content.getvalue()


def locked_pdf():
    """A PDF that anybody opens and nobody may print."""
    return pdf(encryption=Encryption(owner="somebody", user=""))


def active_pdfs():
    """PDFs that run, load or carry something, by what it is."""
    annotation = {"Type": Name.Annot, "Rect": Array([0, 0, 9, 9])}
    web = Dictionary(S=Name.URI, URI="https://tracker.example")

    def script(made):
        made.Root.OpenAction = made.make_indirect(Dictionary(S=Name.JavaScript, JS="app.alert(1)"))

    def script_behind_a_link(made):
        click = Dictionary(S=Name.GoTo, D=Array([0]), Next=Dictionary(S=Name.JavaScript, JS="app.alert(1)"))
        made.pages[0].Annots = Array([Dictionary(**annotation, Subtype=Name.Link, A=click)])

    def web_page_when_opened(made):
        made.Root.OpenAction = web

    def web_page_when_shown(made):
        made.pages[0].AA = Dictionary(O=web)

    def carried_file(made):
        made.attachments["invoice.exe"] = b"MZ"

    def pinned_file(made):
        made.pages[0].Annots = Array([Dictionary(**annotation, Subtype=Name.FileAttachment)])

    def xml_form(made):
        made.Root.AcroForm = Dictionary(Fields=Array([]), XFA=made.make_stream(b"<xdp/>"))

    changes = (
        script, script_behind_a_link, web_page_when_opened, web_page_when_shown, carried_file, pinned_file, xml_form,
    )  # fmt: skip
    return {change.__name__: pdf(change) for change in changes}


def harmless_pdf():
    """A PDF that opens on its page, leads to a web page by a click, and calls its fonts as others call actions."""

    def change(made):
        page = made.pages[0]
        made.Root.OpenAction = Array([page.obj, Name.Fit])
        click = Dictionary(S=Name.URI, URI="https://register.example")
        page.Annots = Array([Dictionary(Type=Name.Annot, Rect=Array([0, 0, 9, 9]), Subtype=Name.Link, A=click)])
        page.Resources = Dictionary(Font=Dictionary(AA=Dictionary(Type=Name.Font), EF=Dictionary(Type=Name.Font)))

    return pdf(change)


SCAN = picture(size=(20, 20))
PDF = pdf()
