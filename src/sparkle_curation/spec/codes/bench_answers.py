"""Why a judge's answer to a rubric is none, and in which other form than the one asked for it was taken."""

from __future__ import annotations

from sparkle_curation.spec.codes.code import Code


class BenchAnswerFault(Code):
    """Why a text is no answer to a rubric."""

    EMPTY = "empty", "Nothing was said."
    MISSING = "missing_dimension", "A dimension has no line, or the answer is no JSON object with it."
    NO_NUMBER = (
        "not_a_number",
        "No number stands behind the name of a dimension, or one that counts something else.",
    )
    NOT_WHOLE = "not_whole", "A score is no integer, such as `4.7`."
    OTHER_SCALE = "other_scale", "A score is out of another number than the highest score, such as `4/10`."
    OUT_OF_RANGE = "out_of_range", "A score is outside the scale."
    SEVERAL_NUMBERS = "several_numbers", "More than one number could be the score, such as `1-5` or `4 or 5`."
    CONTRADICTION = "contradiction", "A dimension has two scores that disagree."
    CUT = "cut", "The answer was longer than allowed."


class AnswerFlag(Code):
    """In which other form than the one asked for an answer was given, and taken since it can mean one thing only."""

    BULLET = "bullet", "Lines begin with a bullet."
    NUMBERED = "numbered", "Lines are numbered."
    BOLD = "bold", "Names or numbers are bold, or headings."
    TABLE = "table", "The scores stand in a table."
    CASE = "case", "A name is written with other capitals."
    HEADING = "heading", "A name has an addition in parentheses, as in the heading of the rubric."
    SEPARATOR = "separator", "Something else than a colon stands between name and number."
    OUT_OF = "out_of", "A number is given as `4/5` or `4 out of 5`, with the highest score."
    DECIMAL = "decimal", "A number is given as `4.0`."
    REMARK = "remark", "A remark without a number stands behind a number."
    REPEATED = "repeated", "A score is given twice, both times the same."
    JSON = "json", "The answer is a JSON object."
