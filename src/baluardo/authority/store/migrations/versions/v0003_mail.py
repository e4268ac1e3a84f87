"""Written messages: mailboxes, key packages, conversations and the order of their commits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "mail_attendance",
        sa.Column("device", sa.String(length=255), nullable=False),
        sa.Column("site", sa.String(length=255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_mail_attendance")),
    )
    op.create_table(
        "mail_package",
        sa.Column("device", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("last_resort", sa.Boolean(), nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("published", sa.Float(), nullable=False),
        sa.Column("given", sa.Float(), nullable=True),
        sa.Column("octets", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("device", "digest", name=op.f("pk_mail_package")),
    )
    op.create_table(
        "mail_box",
        sa.Column("device", sa.String(length=255), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_mail_box")),
    )
    op.create_index(op.f("ix_mail_box_changed"), "mail_box", ["changed"], unique=False)
    op.create_table(
        "mail_item",
        sa.Column("device", sa.String(length=255), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sender", sa.String(length=255), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("notice", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("device", "number", name=op.f("pk_mail_item")),
    )
    op.create_index(op.f("ix_mail_item_at"), "mail_item", ["at"], unique=False)
    op.create_index("ix_mail_item_share", "mail_item", ["device", "person", "size"], unique=False)
    op.create_table(
        "mail_sent",
        sa.Column("sender", sa.String(length=255), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sender", "id", name=op.f("pk_mail_sent")),
    )
    op.create_index(op.f("ix_mail_sent_at"), "mail_sent", ["at"], unique=False)
    op.create_table(
        "mail_pair",
        sa.Column("one", sa.String(length=120), nullable=False),
        sa.Column("other", sa.String(length=120), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_mail_pair")),
    )
    op.create_index(op.f("ix_mail_pair_other"), "mail_pair", ["other"], unique=False)
    op.create_table(
        "mail_group",
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("one", sa.String(length=120), nullable=False),
        sa.Column("other", sa.String(length=120), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_mail_group")),
    )
    op.create_index(op.f("ix_mail_group_one"), "mail_group", ["one"], unique=False)
    op.create_index(op.f("ix_mail_group_other"), "mail_group", ["other"], unique=False)
    op.create_table(
        "mail_order",
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("notice", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "epoch", name=op.f("pk_mail_order")),
    )


def downgrade() -> None:
    """Go back to the version before."""
    op.drop_table("mail_order")
    op.drop_index(op.f("ix_mail_group_other"), table_name="mail_group")
    op.drop_index(op.f("ix_mail_group_one"), table_name="mail_group")
    op.drop_table("mail_group")
    op.drop_index(op.f("ix_mail_pair_other"), table_name="mail_pair")
    op.drop_table("mail_pair")
    op.drop_index(op.f("ix_mail_sent_at"), table_name="mail_sent")
    op.drop_table("mail_sent")
    op.drop_index("ix_mail_item_share", table_name="mail_item")
    op.drop_index(op.f("ix_mail_item_at"), table_name="mail_item")
    op.drop_table("mail_item")
    op.drop_index(op.f("ix_mail_box_changed"), table_name="mail_box")
    op.drop_table("mail_box")
    op.drop_table("mail_package")
    op.drop_table("mail_attendance")
