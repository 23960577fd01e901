"""How static files are kept for production: under names that change with their contents, and compressed."""

from typing import ClassVar

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Our own modules import each other by their hashed names; what others ship is left as it came."""

    patterns: ClassVar = (
        ("*.css", HashedFilesMixin.patterns[0][1]),
        ("js/*.js", HashedFilesMixin._js_module_import_aggregation_patterns[1]),  # type: ignore[attr-defined]
    )
