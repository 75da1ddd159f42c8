"""Writes the plans of all cases anew."""

from tests.planner.golden import case_files, rewrite

for path in case_files():
    rewrite(path)
    print(path.name)
