"""Warnings: what went out, what is to go out by which way, and what sensors may set off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "warning",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("command", sa.String(length=96), nullable=False),
        sa.Column("identifier", sa.String(length=160), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("level", sa.String(length=32), nullable=False),
        sa.Column("message_type", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("alert", sa.LargeBinary(), nullable=False),
        sa.Column("area", sa.JSON(), nullable=False),
        sa.Column("by", sa.JSON(), nullable=False),
        sa.Column("follows", sa.String(length=32), nullable=True),
        sa.Column("message_code", sa.Integer(), nullable=False),
        sa.Column("update_number", sa.Integer(), nullable=False),
        sa.Column("released", sa.Float(), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.Column("ended", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warning")),
        sa.UniqueConstraint("command", name=op.f("uq_warning_command")),
        sa.UniqueConstraint("identifier", name=op.f("uq_warning_identifier")),
    )
    op.create_index(op.f("ix_warning_channel"), "warning", ["channel"], unique=False)
    op.create_index(op.f("ix_warning_released"), "warning", ["released"], unique=False)
    op.create_table(
        "warning_order",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("warning", sa.String(length=32), nullable=False),
        sa.Column("way", sa.String(length=63), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("made", sa.Float(), nullable=False),
        sa.Column("again", sa.Float(), nullable=False),
        sa.Column("settled", sa.Float(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["warning"], ["warning.id"], name=op.f("fk_warning_order_warning")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_warning_order")),
    )
    op.create_index(op.f("ix_warning_order_warning"), "warning_order", ["warning"], unique=False)
    op.create_index(op.f("ix_warning_order_state"), "warning_order", ["state"], unique=False)
    op.create_table(
        "standing_warning",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("command", sa.String(length=96), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("level", sa.String(length=32), nullable=False),
        sa.Column("alert", sa.LargeBinary(), nullable=False),
        sa.Column("sensors", sa.JSON(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("by", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_warning")),
        sa.UniqueConstraint("command", name=op.f("uq_standing_warning_command")),
    )
    op.create_table(
        "sensor_alarm",
        sa.Column("digest", sa.String(length=96), nullable=False),
        sa.Column("standing", sa.String(length=32), nullable=False),
        sa.Column("sensor", sa.String(length=255), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["standing"], ["standing_warning.id"], name=op.f("fk_sensor_alarm_standing")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sensor_alarm")),
    )
    op.create_index(op.f("ix_sensor_alarm_standing"), "sensor_alarm", ["standing"], unique=False)
    op.create_table(
        "handset",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("invitation", sa.LargeBinary(length=32), nullable=False),
        sa.Column("cookie", sa.LargeBinary(length=32), nullable=True),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("lat_deg", sa.Float(), nullable=False),
        sa.Column("lon_deg", sa.Float(), nullable=False),
        sa.Column("made_by", sa.String(length=63), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handset")),
        sa.UniqueConstraint("cookie", name=op.f("uq_handset_cookie")),
        sa.UniqueConstraint("invitation", name=op.f("uq_handset_invitation")),
    )


def downgrade() -> None:
    """Go back to the version before."""
    op.drop_table("handset")
    op.drop_index(op.f("ix_sensor_alarm_standing"), table_name="sensor_alarm")
    op.drop_table("sensor_alarm")
    op.drop_table("standing_warning")
    op.drop_index(op.f("ix_warning_order_state"), table_name="warning_order")
    op.drop_index(op.f("ix_warning_order_warning"), table_name="warning_order")
    op.drop_table("warning_order")
    op.drop_index(op.f("ix_warning_released"), table_name="warning")
    op.drop_index(op.f("ix_warning_channel"), table_name="warning")
    op.drop_table("warning")
