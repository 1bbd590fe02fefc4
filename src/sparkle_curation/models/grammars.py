"""Replies held to a JSON schema while they are drawn (xgrammar)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sparkle_curation.errors import ModelError


class Grammars:
    """JSON schemas compiled for one tokenizer, each once.

    Args:
        tokenizer: of the model.
        vocabulary_size: width of the model's logits, which may be more than the tokenizer knows.

    Raises:
        ModelError: xgrammar is not installed.
    """

    def __init__(self, tokenizer: Any, vocabulary_size: int) -> None:
        try:
            import xgrammar  # noqa: PLC0415 -- only a run that asks for it needs it
        except ImportError as error:
            raise ModelError(
                "Replies cannot be held to a schema: xgrammar is not installed",
                got=error,
                todo="pip install '.[gpu]', or leave replies free with constrained=false",
            ) from error
        self._xgrammar = xgrammar
        info = xgrammar.TokenizerInfo.from_huggingface(tokenizer, vocab_size=vocabulary_size)
        # Its cache of parts of grammars fails on longer patterns (xgrammar 0.2.8), so whole ones are kept here.
        self._compiler = xgrammar.GrammarCompiler(info, cache_enabled=False)
        self._compiled: dict[str | None, Any] = {}

    def processor(self, schemas: Sequence[str | None]) -> Any:
        """A logits processor, for one call, that holds each row to its schema; a row without one may say anything."""
        from xgrammar.contrib.hf import LogitsProcessor  # noqa: PLC0415

        for schema in schemas:
            if schema not in self._compiled:
                self._compiled[schema] = (
                    self._compiler.compile_regex(r"[\s\S]*")
                    if schema is None
                    else self._compiler.compile_json_schema(schema, any_whitespace=False)
                )
        return LogitsProcessor([self._compiled[schema] for schema in schemas])
