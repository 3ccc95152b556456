"""What an officer takes home: the package as it came, its JSON, and the files in it. Each is told to the applicant."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from openscf.canonical import sha256_hex
from openscf.errors import PackageInvalid
from openscf.package import MEDIA_TYPE, PDF_MEDIA_TYPE, AttachmentRow, is_pdf, package_json
from openscf.pdf import open_pdf

from ..access import gateway_of
from ..applications.models import Application
from ..clients import repository as clients
from ..documents import repository as documents
from ..gateway import Gateway, UnitOfWork
from ..kit.problems import ProblemError
from ..packages import reading
from ..packages.models import ReceivedPackage
from .service import LoggedIn, note
from .session import address_of, officer_at_desk

router = APIRouter(prefix="/applications/{application_id}")

Desk = Annotated[Gateway, Depends(gateway_of)]
AtDesk = Annotated[LoggedIn, Depends(officer_at_desk)]


@router.get("/package")
def package_file(request: Request, application_id: str, gateway: Desk, officer: AtDesk) -> Response:
    """The file as it came, PDF or JSON, for `openscf verify`."""
    with gateway.unit_of_work() as uow:
        _, received, file = _open(uow, request, officer, application_id)
    ending, media_type = ("pdf", PDF_MEDIA_TYPE) if is_pdf(file) else ("scf.json", MEDIA_TYPE)
    return _download(file, f"{received.sha256[:16]}.{ending}", media_type)


@router.get("/package.scf.json")
def package_as_json(request: Request, application_id: str, gateway: Desk, officer: AtDesk) -> Response:
    """The package without its PDF, for programs."""
    with gateway.unit_of_work() as uow:
        _, received, file = _open(uow, request, officer, application_id)
        try:
            content = package_json(file)
        except PackageInvalid as error:
            raise ProblemError("not-found", str(error)) from error
    return _download(content, f"{received.sha256[:16]}.scf.json", MEDIA_TYPE)


@router.get("/attachments/{name}")
def attachment(request: Request, application_id: str, name: str, gateway: Desk, officer: AtDesk) -> Response:
    """One of the files that came with the package, taken out of the PDF, or put beside the JSON."""
    with gateway.unit_of_work() as uow:
        application, received, file = _open(uow, request, officer, application_id, part=name)
        row = _listed(received, name)
        if is_pdf(file):
            content = open_pdf(file).attachments.get(name)
        else:
            content = documents.content(uow.session, application.client_id, row.sha256)
        if content is None or sha256_hex(content) != row.sha256:
            raise ProblemError("not-found", f"The file {name} did not come, or is another than was sealed.")
    # Whatever type the applicant states, a browser here only stores it.
    return _download(content, name, "application/octet-stream")


def _open(
    uow: UnitOfWork, request: Request, officer: LoggedIn, application_id: str, part: str | None = None
) -> tuple[Application, ReceivedPackage, bytes]:
    application = uow.session.get_one(Application, application_id)
    client = clients.lock(uow.session, application.client_id)
    uow.session.refresh(application)
    received, file = reading.open_file(uow, client, application, reader=officer.name, part=part)
    action = "attachment.downloaded" if part else "package.downloaded"
    note(uow.session, officer.username, address_of(request), action, application_id, part or "")
    return application, received, file


def _listed(received: ReceivedPackage, name: str) -> AttachmentRow:
    sections = reading.sections_of(received)
    files = sections.attachments.files if sections is not None and sections.attachments is not None else ()
    for row in files:
        if row.name == name:
            return row
    raise ProblemError("not-found", f"The package lists no file {name!r:.120}.")


def _download(content: bytes, name: str, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
