"""Pages: what a person sees in a browser."""

from calotype.web.install import install_pages
from calotype.web.problem_pages import ProblemPages

__all__ = ["ProblemPages", "install_pages"]
