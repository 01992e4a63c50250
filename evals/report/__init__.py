"""An evaluation as one HTML file that needs nothing beside itself: ``page.py`` puts it together.

In: an evaluation. Out: HTML, UTF-8, the same bytes for the same evaluation. Texts of questions, answers and articles
become text nodes and attributes of a tree, never markup. The page loads nothing and says so in its content security
policy; without JavaScript only the filters are missing.
"""

from evals.report.page import to_html

__all__ = ["to_html"]
