"""Writes the page: ``python -m sparkle_curation.spec.tables_page > docs/tables.md``."""

import sys

from sparkle_curation.spec.tables_page.page import tables_page

sys.stdout.write(tables_page())
