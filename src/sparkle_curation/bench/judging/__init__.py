"""Judging what models made of the benchmark: rubrics, questions, answers, costs, and the scores of others."""
