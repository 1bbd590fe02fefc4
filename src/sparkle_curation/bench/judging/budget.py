"""What judging costs: told before it begins, counted while it runs, and stopped before it is more than was allowed."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from sparkle_curation.errors import ModelError, ParameterError
from sparkle_curation.models.questions import Reply, ReplyFault, Usage

_MILLION = 1_000_000
_LETTERS_A_TOKEN = 4


class BudgetError(ModelError):
    """Judging would cost more than was allowed."""


@dataclass(frozen=True)
class Price:
    """What a million tokens cost, in US dollars.

    Attributes:
        model: the name of the judge; ``*`` stands for any text.
        input: of questions.
        output: of answers, with the thoughts before them.
    """

    model: str
    input: float
    output: float

    def cost(self, tokens_in: float, tokens_out: float) -> float:
        """Of so many tokens; thoughts are among those that come out."""
        return (tokens_in * self.input + tokens_out * self.output) / _MILLION


@dataclass(frozen=True)
class Rates:
    """What is assumed of a judge before it has answered.

    Attributes:
        tokens_per_frame: of a frame that it looks at; Gemini takes 258 of any size.
        output_tokens: of an answer, with the thoughts before it.
        own_frame_rate: frames a second that it looks at where none are set.
    """

    tokens_per_frame: int = 258
    output_tokens: int = 1500
    own_frame_rate: float = 1.0

    def tokens_in(self, text: str, seconds: Sequence[float], frame_rate: float | None) -> int:
        """Tokens of a question, about.

        >>> Rates().tokens_in("word" * 1500, [5.0625, 5.0625], None)
        4596
        """
        frames = self.frames_in(seconds, frame_rate)
        return len(text) // _LETTERS_A_TOKEN + frames * self.tokens_per_frame

    def frames_in(self, seconds: Sequence[float], frame_rate: float | None) -> int:
        """At how many frames of videos of so many seconds it looks, about."""
        rate = frame_rate or self.own_frame_rate
        return sum(max(1, math.ceil(each * rate)) for each in seconds)


class Estimate(NamedTuple):
    """What is still to be asked, and what that takes, about.

    Attributes:
        samples: model and sample, each repeat counted.
        requests: to the judge; answers that cannot be read are asked for again, which is not counted.
        frames: at which it looks.
        tokens_in: of the questions.
        tokens_out: of the answers.
        cost: in US dollars; 0 for a judge that costs nothing, None where its price is not known.
        spent: on what is known already.
    """

    samples: int
    requests: int
    frames: int
    tokens_in: int
    tokens_out: int
    cost: float | None
    spent: float

    def describe(self, max_cost: float | None) -> str:
        """One line for the log."""
        told = (
            f"{self.samples:,} samples, {self.requests:,} requests to ask (known answers and equal videos need none), "
            f"about {self.frames:,} frames of videos, {self.tokens_in:,} tokens in and "
            f"{self.tokens_out:,} out"
        )
        if self.cost is None:
            return f"{told}; what that costs is not known: bench_evaluate.prices does not have the judge"
        if not self.cost and not self.spent:
            return told
        limit = "not set" if max_cost is None else f"${max_cost:,.2f}"
        return f"{told}; about ${self.cost:,.2f} beside ${self.spent:,.2f} spent before; max_cost {limit}"


def find_price(prices: Iterable[Price], name: str) -> Price | None:
    """The price of a judge: the longest pattern that its name fits; None for none.

    >>> find_price([Price("a*", 1, 1), Price("a-pro*", 2, 2)], "a-pro-1").input
    2
    """
    fitting = [price for price in prices if fnmatchcase(name, price.model)]
    return max(fitting, key=lambda price: len(price.model), default=None)


def check_budget(estimate: Estimate, max_cost: float | None, judge: str) -> None:
    """Nothing, when a paid judge may be asked what is to be asked.

    Raises:
        ParameterError: nothing says how much it may cost, or it would cost more.
    """
    total = estimate.spent + (estimate.cost or 0.0)
    if max_cost is None:
        raise ParameterError(
            "A paid judge needs a limit of what it may cost",
            where="bench_evaluate.max_cost",
            got=f"null, for {judge}: {estimate.describe(None)}",
            allowed="US dollars, for these judgments in all, those of earlier runs among them",
            todo=f"--params bench_evaluate.max_cost={_rounded_up(total)}; or, for a server of your own, "
            "bench_evaluate.is_free=true",
        )
    if total > max_cost:
        raise ParameterError(
            "Judging would cost more than it may",
            where="bench_evaluate.max_cost",
            got=f"{judge}: {estimate.describe(max_cost)}",
            allowed="a limit above what it costs, about",
            todo=f"--params bench_evaluate.max_cost={_rounded_up(total)}; or fewer models or samples, by "
            "bench_evaluate.models and bench_evaluate.limit",
        )


def _rounded_up(cost: float) -> float:
    """A limit that leaves room for answers that are asked for again: a fifth more, to the cent."""
    return math.ceil(max(cost, 0.01) * 120) / 100


class Budget:
    """Counts what requests cost, those of several threads, and lets none begin for which there is no room.

    What is under way is counted as estimated until it is answered, so a run ends within what the requests under way cost
    more than that. Estimated is what answers have cost so far, where that is more than what was assumed.

    Args:
        price: of the judge; None for one that costs nothing.
        max_cost: in all; None for no limit.
        spent: before.
        tokens_in: of a question, as assumed.
        tokens_out: of an answer, as assumed.
    """

    def __init__(
        self, price: Price | None, max_cost: float | None, spent: float, tokens_in: float, tokens_out: float
    ) -> None:
        self._price, self._max_cost = price, max_cost
        self.spent = spent
        self._assumed = price.cost(tokens_in, tokens_out) if price else 0.0
        self._costs: list[float] = []
        self._under_way = 0
        self._settled = threading.Condition()

    def reserve(self, count: int) -> None:
        """Wait until there is room for so many requests.

        Raises:
            BudgetError: there will be none.
        """
        if self._price is None or self._max_cost is None:
            return
        with self._settled:
            while self.spent + (self._under_way + count) * self._each > self._max_cost:
                if not self._under_way:
                    raise BudgetError(
                        "Judging has come to what it may cost",
                        where="bench_evaluate.max_cost",
                        got=f"${self.spent:,.4f} spent, about ${self._each:,.4f} for a request more",
                        allowed=f"${self._max_cost:,.2f}",
                        todo="what was answered is kept: give a higher bench_evaluate.max_cost, and the next run goes on",
                    )
                self._settled.wait()
            self._under_way += count

    def settle(self, replies: Sequence[Reply], count: int) -> None:
        """Count what the replies to so many reserved requests cost; fewer replies than requests where asking failed."""
        if self._price is None:
            return
        with self._settled:
            for reply in replies:
                cost = cost_of(reply.usage, self._price)
                if cost is not None:
                    self._costs.append(cost)
                elif reply.fault is ReplyFault.REFUSED:
                    cost = 0.0  # turned away before anything was read
                self.spent += self._each if cost is None else cost
            if self._max_cost is not None:
                self._under_way -= count
            self._settled.notify_all()

    @property
    def _each(self) -> float:
        measured = sum(self._costs) / len(self._costs) if self._costs else 0.0
        return max(self._assumed, measured)


def cost_of(usage: Usage | None, price: Price) -> float | None:
    """What a reply has cost; None where its tokens are not told."""
    if usage is None or usage.tokens_in is None:
        return None
    return price.cost(usage.tokens_in, (usage.tokens_out or 0) + (usage.tokens_thoughts or 0))


def usage_of(answer: Mapping[str, Any]) -> Usage:
    """The usage of an answer of the journal."""
    return Usage(
        model=answer["answering_model"],
        tokens_in=answer["tokens_in"],
        tokens_out=answer["tokens_out"],
        tokens_thoughts=answer["tokens_thoughts"],
        finish_reason=answer["finish_reason"],
        unsent=tuple(answer["unsent"] or ()),
    )
