"""How long things are: a ratchet. A number goes down when the code allows it, and up only with a reason beside it."""

import ast
import statistics

import pytest

from tests.support.tree import ROOT, Source, files, product_files

pytestmark = pytest.mark.house

FUNCTION_MEDIAN, FUNCTION_P90, FUNCTION_MAX = 6, 16, 45
FILE_MEDIAN, FILE_P90, FILE_MAX = 160, 310, 430  # models.py is the largest: every word of the ledger in one place
HANDLER_MAX = 15
SQL_MAX = 60
JS_MAX = 150

Function = ast.FunctionDef | ast.AsyncFunctionDef


def p90(numbers: list[int]) -> int:
    return sorted(numbers)[int(len(numbers) * 0.9)]


def length(function: Function) -> int:
    """Lines of a function without its docstring and decorators."""
    first = function.body[0]
    documented = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def is_command(function: Function) -> bool:
    """A command's signature is its options and their help: a table, not logic."""
    return any("command" in ast.unparse(decorator) for decorator in function.decorator_list)


def functions(source: Source) -> list[tuple[str, int]]:
    """Name and length of every function that does something; a port's methods only say what they would do."""
    found = [node for node in ast.walk(source.tree) if isinstance(node, Function)]
    return [
        (f"{source.path}:{node.lineno} {node.name}", length(node))
        for node in found
        if not is_command(node) and not source.path.endswith("ports.py")
    ]


def longer(path_end: str, most: int) -> list[str]:
    """Files of this kind with more lines than that; comment lines of SQL are its contract and not counted."""
    counted = {
        path: sum(not line.startswith("--") for line in (ROOT / path).read_text("utf-8").splitlines())
        for path in files()
        if path.endswith(path_end) and "vendor" not in path
    }
    return [f"{path}: {lines}" for path, lines in counted.items() if lines > most]


def test_functions_are_short():
    lengths = dict(pair for source in product_files() for pair in functions(source))
    numbers = list(lengths.values())
    assert [name for name, lines in lengths.items() if lines > FUNCTION_MAX] == []
    assert statistics.median(numbers) <= FUNCTION_MEDIAN
    assert p90(numbers) <= FUNCTION_P90


def test_files_are_short():
    lengths = {source.path: len(source.text.splitlines()) for source in product_files()}
    written = [lines for path, lines in lengths.items() if not path.endswith("__init__.py")]
    assert [path for path, lines in lengths.items() if lines > FILE_MAX] == []
    assert statistics.median(written) <= FILE_MEDIAN
    assert p90(written) <= FILE_P90


def test_handlers_only_translate():
    assert longer("/handler.py", HANDLER_MAX) == []


def test_a_question_fits_on_a_screen():
    assert longer(".sql", SQL_MAX) == []


def test_scripts_of_the_page_fit_on_two_screens():
    assert [line for line in longer(".js", JS_MAX) if line.startswith("dashboard/")] == []


def test_length_leaves_out_the_docstring():
    function = ast.parse('def f():\n    """One\n\n    two."""\n    return 1\n').body[0]
    assert isinstance(function, ast.FunctionDef)
    assert length(function) == 2
