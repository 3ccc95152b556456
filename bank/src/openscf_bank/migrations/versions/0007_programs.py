"""Programs, their members with what they sent, limits with what uses them, prequalification batches with results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from openscf_bank.kit.columns import ExactDecimal, UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_programs()
    _create_members()
    _create_caps()
    _create_prequalifications()


def _create_programs() -> None:
    op.create_table(
        "programs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("requested_limit", ExactDecimal(), nullable=False),
        sa.Column("requested_member_limit", ExactDecimal(), nullable=True),
        sa.Column("requested_tenor_days", sa.Integer(), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("terms_sha256", sa.String(length=64), nullable=False),
        sa.Column("buy_back", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("stock_control", sa.Boolean(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("anchor_limit", ExactDecimal(), nullable=True),
        sa.Column("member_limit", ExactDecimal(), nullable=True),
        sa.Column("used", ExactDecimal(), nullable=False),
        sa.Column("terms", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_programs_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programs")),
        sa.UniqueConstraint("client_id", "reference", name=op.f("uq_programs_client_id_reference")),
    )
    op.create_index(op.f("ix_programs_status"), "programs", ["status"], unique=False)


def _create_members() -> None:
    op.create_table(
        "members",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("program_id", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("member_ref", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tax_key", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=32), nullable=True),
        sa.Column("account_iban", sa.String(length=64), nullable=True),
        sa.Column("account_holder", sa.Text(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("consent_until", sa.Date(), nullable=False),
        sa.Column("limit", ExactDecimal(), nullable=True),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("used", ExactDecimal(), nullable=False),
        sa.Column("rate_pa", ExactDecimal(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("waiting_since", UtcTime(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_members_program_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_members_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("program_id", "reference", name=op.f("uq_members_program_id_reference")),
    )
    op.create_index(op.f("ix_members_client_id"), "members", ["client_id"], unique=False)
    op.create_index(op.f("ix_members_status"), "members", ["status"], unique=False)
    op.create_index(op.f("ix_members_tax_key"), "members", ["tax_key"], unique=False)
    op.create_index(op.f("ix_members_waiting_since"), "members", ["waiting_since"], unique=False)
    op.create_index(
        "uq_members_company",
        "members",
        ["program_id", "tax_key"],
        unique=True,
        sqlite_where=sa.text("status NOT IN ('DECLINED', 'LEFT')"),
        postgresql_where=sa.text("status NOT IN ('DECLINED', 'LEFT')"),
    )
    op.create_table(
        "member_revisions",
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_revisions_member_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_member_revisions_client_id")),
        sa.PrimaryKeyConstraint("member_id", "client_id", "revision", name=op.f("pk_member_revisions")),
    )
    op.create_table(
        "member_documents",
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("erased_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_documents_member_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_member_documents_client_id")),
        sa.PrimaryKeyConstraint("member_id", "number", name=op.f("pk_member_documents")),
    )
    op.create_index("ix_member_documents_claim", "member_documents", ["client_id", "sha256"], unique=False)


def _create_caps() -> None:
    op.create_table(
        "supplier_caps",
        sa.Column("tax_key", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=32), nullable=False),
        sa.Column("cap", ExactDecimal(), nullable=False),
        sa.Column("used", ExactDecimal(), nullable=False),
        sa.PrimaryKeyConstraint("tax_key", "currency", name=op.f("pk_supplier_caps")),
    )
    op.create_table(
        "cap_uses",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("program_id", sa.String(length=64), nullable=False),
        sa.Column("member_id", sa.String(length=64), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_cap_uses_program_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_cap_uses_member_id")),
        sa.PrimaryKeyConstraint("source", "source_id", name=op.f("pk_cap_uses")),
    )
    op.create_index(op.f("ix_cap_uses_program_id"), "cap_uses", ["program_id"], unique=False)
    op.create_index(op.f("ix_cap_uses_member_id"), "cap_uses", ["member_id"], unique=False)


def _create_prequalifications() -> None:
    op.create_table(
        "prequalifications",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("program_id", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("chunks", sa.JSON(), nullable=False),
        sa.Column("ordered", ExactDecimal(), nullable=False),
        sa.Column("invoiced", ExactDecimal(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("decided_chunks", sa.Integer(), nullable=False),
        sa.Column("approved", sa.Integer(), nullable=False),
        sa.Column("referred", sa.Integer(), nullable=False),
        sa.Column("declined", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.Column("reviewed_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_prequalifications_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prequalifications")),
        sa.UniqueConstraint("program_id", "number", name=op.f("uq_prequalifications_program_id_number")),
        sa.UniqueConstraint("program_id", "reference", name=op.f("uq_prequalifications_program_id_reference")),
    )
    op.create_index(op.f("ix_prequalifications_status"), "prequalifications", ["status"], unique=False)
    op.create_table(
        "prequalification_results",
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("program_id", sa.String(length=64), nullable=False),
        sa.Column("member_ref", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("limit", ExactDecimal(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["prequalifications.id"], name=op.f("fk_prequalification_results_batch_id")
        ),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_prequalification_results_program_id")),
        sa.PrimaryKeyConstraint("batch_id", "row", name=op.f("pk_prequalification_results")),
        sa.UniqueConstraint("batch_id", "member_ref", name=op.f("uq_prequalification_results_batch_id_member_ref")),
    )
    op.create_index(
        "ix_prequalification_results_member", "prequalification_results", ["program_id", "member_ref"], unique=False
    )


def downgrade() -> None:
    for table in (
        "prequalification_results",
        "prequalifications",
        "cap_uses",
        "supplier_caps",
        "member_documents",
        "member_revisions",
        "members",
        "programs",
    ):
        op.drop_table(table)
