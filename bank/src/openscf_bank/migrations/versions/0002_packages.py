"""Version 2 of the package: consents, sections for the desk, and who read what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from openscf_bank.kit.columns import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _forbid_changes_of_reads() -> None:
    """The access log is append-only, like the tables of revision 0001 (whose function PostgreSQL uses)."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER package_reads_append_only BEFORE UPDATE OR DELETE ON package_reads "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER package_reads_no_{action.lower()} BEFORE {action} ON package_reads "
            "BEGIN SELECT RAISE(ABORT, 'rows of package_reads are never changed or deleted'); END"
        )


def _widen_received_packages() -> None:
    with op.batch_alter_table("received_packages") as table:
        table.add_column(sa.Column("client_id", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("consent_id", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("root", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("sections", sa.JSON(), nullable=True))
    op.execute(
        "UPDATE received_packages SET client_id = "
        "(SELECT client_id FROM applications WHERE applications.id = received_packages.application_id)"
    )
    with op.batch_alter_table("received_packages") as table:
        table.alter_column("client_id", existing_type=sa.String(length=64), nullable=False)
        table.create_foreign_key(op.f("fk_received_packages_client_id"), "clients", ["client_id"], ["id"])
    op.create_index("ix_received_packages_client_package", "received_packages", ["client_id", "package_id"])
    op.create_index("ix_received_packages_client_consent", "received_packages", ["client_id", "consent_id"])


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("consent_id", sa.String(length=64), nullable=False),
        sa.Column("terms", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.Column("revocation_reason", sa.Text(), nullable=True),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_consents_client_id")),
        sa.PrimaryKeyConstraint("client_id", "consent_id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_expires_at"), "consents", ["expires_at"], unique=False)
    op.create_table(
        "package_reads",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("application_id", sa.String(length=64), nullable=False),
        sa.Column("package_id", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("part", sa.Text(), nullable=True),
        sa.Column("read_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["applications.id"], name=op.f("fk_package_reads_application_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_package_reads_client_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_package_reads")),
        sa.UniqueConstraint("id", name=op.f("uq_package_reads_id")),
    )
    op.create_index(op.f("ix_package_reads_application_id"), "package_reads", ["application_id"], unique=False)
    op.create_index("ix_package_reads_client_package", "package_reads", ["client_id", "package_id"], unique=False)
    _forbid_changes_of_reads()
    _widen_received_packages()


def downgrade() -> None:
    op.drop_index("ix_received_packages_client_consent", table_name="received_packages")
    op.drop_index("ix_received_packages_client_package", table_name="received_packages")
    with op.batch_alter_table("received_packages") as table:
        table.drop_constraint(op.f("fk_received_packages_client_id"), type_="foreignkey")
        for column in ("sections", "root", "consent_id", "client_id"):
            table.drop_column(column)
    op.drop_table("package_reads")
    op.drop_table("consents")
