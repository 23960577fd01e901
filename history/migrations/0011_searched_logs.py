"""What words are searched for in the logs: by trigrams, so that a search does not read a whole table."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations
from django.db.models import F, Func, TextField
from django.db.models.functions import Cast

from smarketing.database import operations


def sought_text(*columns: str) -> Func:
    texts = [Cast(F(name), TextField()) for name in columns]
    return Func(*texts, function="upper", arg_joiner=" || chr(10) || ", output_field=TextField())


def trigrams(name: str, *columns: str) -> GinIndex:
    return GinIndex(OpClass(sought_text(*columns), name="gin_trgm_ops"), name=name)


class Migration(migrations.Migration):

    dependencies = [
        ("history", "0010_feed_reads"),
        # It makes the extension pg_trgm.
        ("leads", "0001_initial"),
    ]

    operations = [
        operations.AddIndex(model_name="edit", index=trigrams("edit_text", "about", "changes")),
        operations.AddIndex(model_name="auditentry", index=trigrams("audit_text", "name", "about")),
    ]
