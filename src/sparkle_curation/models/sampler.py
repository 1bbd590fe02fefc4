"""Drawing tokens so that a reply depends on its own seed, and not on the batch that it is drawn in."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import LogitsProcessor

from sparkle_curation.models.questions import Sampling


class SeededSampler(LogitsProcessor):
    """Leaves of each row's logits the one token that is drawn; to be followed by a greedy choice.

    Each row has its own numbers, drawn from its own seed before the first token: the same question with the same
    seed gets the same draws alone, in a batch, and in a batch that was halved.

    Args:
        seeds: the seed of each row.
        sampling: how tokens are drawn.
        prompt_length: tokens before the reply, padding included.
    """

    def __init__(self, seeds: Sequence[int], sampling: Sampling, prompt_length: int) -> None:
        self._sampling = sampling
        self._prompt_length = prompt_length
        self._draws = torch.stack([_draws(seed, sampling.max_new_tokens) for seed in seeds])

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """The logits with all but the drawn token at minus infinity; [rows, vocabulary] both."""
        reply = input_ids[:, self._prompt_length :]
        logits: torch.Tensor = scores.float()
        penalty = self._sampling.presence_penalty
        if penalty and reply.shape[1]:
            is_present = torch.zeros_like(logits, dtype=torch.bool).scatter_(1, reply, value=True)
            logits = logits - penalty * is_present
        if self._sampling.temperature == 0:
            token = logits.argmax(-1, keepdim=True)
        else:
            self._draws = self._draws.to(scores.device)
            token = _draw(logits, self._draws[:, reply.shape[1]], self._sampling)
        return torch.full_like(scores, -torch.inf).scatter_(1, token, 0.0)  # type: ignore[return-value]


def _draws(seed: int, count: int) -> torch.Tensor:
    """``count`` numbers in [0, 1) that ``seed`` alone decides."""
    return torch.rand(count, generator=torch.Generator().manual_seed(seed))


def _draw(logits: torch.Tensor, draws: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """One token a row, [rows, 1], by inverting the distribution over the candidates at the row's number."""
    count = min(sampling.top_k or logits.shape[-1], logits.shape[-1])
    likeliest, tokens = (logits / sampling.temperature).topk(count, dim=-1)
    shares = likeliest.softmax(-1)
    before = shares.cumsum(-1) - shares
    # A candidate is in as long as those before it do not already hold top_p; the first always is.
    shares = shares.masked_fill(before >= sampling.top_p, 0.0)
    cumulated = shares.cumsum(-1)
    target = draws[:, None] * cumulated[:, -1:]
    place = (cumulated <= target).sum(-1, keepdim=True).clamp(max=count - 1)
    last = (shares > 0).sum(-1, keepdim=True) - 1
    return tokens.gather(1, torch.minimum(place, last))
