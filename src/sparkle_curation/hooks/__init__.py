"""What the project adds to a run of Kedro: one module for each purpose, listed in ``settings.py``.

Kedro imports these modules before it knows the environment, and all else of ours asks the description of that
environment when it is imported. So nothing of ours but errors, masking, escaping, telling and description is imported
at their top.
"""
