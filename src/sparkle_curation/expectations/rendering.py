"""How the expectations of this project are shown in Data Docs: as a sentence, then rows beside what was found in them."""

from __future__ import annotations

from typing import Any

from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.render import (
    LegacyDiagnosticRendererType,
    LegacyRendererType,
    RenderedStringTemplateContent,
    RenderedTableContent,
)
from great_expectations.render.renderer.renderer import renderer
from great_expectations.render.renderer_configuration import RendererConfiguration

from sparkle_curation.expectations.reports import FOUND


class Stated:
    """Shown as the sentence that the rule gives along (``meta["meaning"]``), or else as its docstring does."""

    @classmethod
    def _prescriptive_template(cls, renderer_configuration: RendererConfiguration) -> RendererConfiguration:
        """The sentence, for the table of contents and for text."""
        result = renderer_configuration.result
        configuration = result.expectation_config if result else renderer_configuration.configuration
        renderer_configuration.template_str = cls._statement(configuration)
        return renderer_configuration

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls, configuration: ExpectationConfiguration | None = None, **_: Any
    ) -> list[RenderedStringTemplateContent]:
        """The sentence, for a page of Data Docs."""
        template = {"template": cls._statement(configuration), "params": {}}
        return [RenderedStringTemplateContent(content_block_type="string_template", string_template=template)]

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_TABLE)
    def _diagnostic_unexpected_table_renderer(
        cls, result: Any = None, **_: Any
    ) -> list[RenderedTableContent] | None:
        """The first few rows at fault: what names the row, and what was found."""
        rows = result.result.get("partial_unexpected_index_list") if result else None
        if not rows:
            return None
        names = sorted(rows[0], key=lambda name: name == FOUND)
        return [
            RenderedTableContent(
                content_block_type="table",
                header_row=names,
                table=[[str(row[name]) for name in names] for row in rows],
                styling={"body": {"classes": ["table-bordered", "table-sm", "mt-3"]}},
            )
        ]

    @classmethod
    def _statement(cls, configuration: ExpectationConfiguration | None) -> str:
        meta = (configuration.meta if configuration else None) or {}
        first_line = (cls.__doc__ or cls.__name__).partition("\n")[0]
        # A `$` begins the name of a parameter in a template.
        return str(meta.get("meaning", first_line)).replace("$", "$$")
