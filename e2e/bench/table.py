"""Markdown from measurements: a list of {server, scenario, step?, rep, report | error}.

A run that lost, repeated or refused anything has no figure; it stands under what went wrong.
"""

from statistics import median

from scenarios import DIALECT_ROWS, DIALECTS, FLAT, GROWTH, ROWS, SCENARIOS, Row

LIMIT = "limit"


def targets_table(results: list[dict], labels: list[str], names: list[str]) -> str:
    """One row per figure: the limit, every server beside it, and whether the target is met."""
    head = ["", "scenario", "figure", LIMIT]
    for label in labels:
        head += [label, "of the limit", "spread", "met"]
    lines = [head + ["target"]]
    for row in (row for row in ROWS if row.scenario in names):
        limits = _values(results, LIMIT, row)
        cells = [row.scenario, SCENARIOS[row.scenario].what, row.figure]
        cells.append(_number(_median(limits), row.digits))
        for label in labels:
            cells += _server_cells(row, limits, _values(results, label, row))
        lines.append(cells + [row.target_text()])
    return _markdown(lines)


def dialects_table(results: list[dict], names: list[str]) -> str:
    """One row per figure and dialect, each beside the first dialect's."""
    lines = [["", "scenario", "figure", "dialect", "", "of Pusher's", "spread", "met", "target"]]
    first, *others = DIALECTS.values()
    for row in (row for row in DIALECT_ROWS if row.scenario in names):
        figures = _values(results, first, row)
        heading = [row.scenario, SCENARIOS[row.scenario].what, row.figure]
        lines.append([*heading, first, _number(_median(figures), row.digits), "", "", "", ""])
        for label in others:
            cells = _server_cells(row, figures, _values(results, label, row))
            lines.append(["", "", "", label, *cells, row.target_text()])
    return _markdown(lines, words=4)


def growth_table(results: list[dict], labels: list[str], names: list[str]) -> str:
    """What a message costs while something else grows."""
    head = ["server", "what grows", "to", "thousand publishes / CPU s", "of the first", "RSS MiB"]
    lines = [head + ["flat"]]
    for label in labels:
        for name in names:
            lines += _growth_lines(results, label, name)
    return _markdown(lines)


def errors(results: list[dict]) -> list[str]:
    """Everything that went wrong, one line each."""
    lines = []
    for result in results:
        what = f"{result['server']}, {result['scenario']}"
        what += f" at {result['step']:,}" if "step" in result else ""
        what += f", repetition {result['rep'] + 1}"
        if "error" in result:
            lines.append(f"{what}: {result['error']}")
        elif not result["report"]["sound"]:
            lines.append(f"{what}: {_unsound(result['report'])}")
    return lines


def _growth_lines(results: list[dict], label: str, name: str) -> list[list[str]]:
    lines, first = [], None
    for step in GROWTH[name].steps:
        taken = [
            result
            for result in results
            if (result["server"], result["scenario"], result.get("step")) == (label, name, step)
        ]
        if not taken:
            continue
        found = [result["report"] for result in taken if _is_sound(result)]
        published = _median([report["load"]["publishes_per_cpu_s"] / 1e3 for report in found])
        resident = _median([report["load"]["server_resident_bytes"] / 2**20 for report in found])
        first = published if first is None else first
        ratio = published / first if published is not None and first else None
        met = None if ratio is None else ratio >= FLAT
        cells = [label, GROWTH[name].what, f"{step:,}", _number(published, 0)]
        lines.append(cells + [_number(ratio, 2), _number(resident, 0), _yes_or_no(met)])
    return lines


def _server_cells(row: Row, limits: dict[int, float], values: dict[int, float]) -> list[str]:
    """Figure, ratio, spread and verdict; the ratio is taken within each repetition."""
    figure = _median(values)
    ratios = [value / limits[rep] for rep, value in values.items() if limits.get(rep)]
    ratio = _median(ratios)
    met = None if figure is None else row.is_met(figure, ratio)
    spread = ratios if row.of_limit else list(values.values())
    return [_number(figure, row.digits), _number(ratio, 2), _spread(spread), _yes_or_no(met)]


def _values(results: list[dict], label: str, row: Row) -> dict[int, float]:
    """The row's figure by repetition."""
    return {
        result["rep"]: row.value(result["report"])
        for result in results
        if result["server"] == label and result["scenario"] == row.scenario and _is_sound(result)
    }


def _is_sound(result: dict) -> bool:
    return "report" in result and result["report"]["sound"]


def _unsound(report: dict) -> str:
    counts = {**report["totals"], **report["findings"]}
    wrong = ["lost", "closed", "refused", "unanswered", "gaps", "reordered", "misrouted"]
    said = [f"{name} {counts[name]:,}" for name in wrong if counts[name]]
    return "; ".join(said + [" ".join(text.split()) for text in report["troubles"][:1]])


def _median(values: dict[int, float] | list[float]) -> float | None:
    values = list(values.values()) if isinstance(values, dict) else values
    return median(values) if values else None


def _spread(values: list[float]) -> str:
    middle = _median(values)
    if not middle or len(values) < 2:
        return "–"
    return f"±{(max(values) - min(values)) / 2 / middle:.0%}"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _yes_or_no(met: bool | None) -> str:
    return "–" if met is None else "yes" if met else "**no**"


def _markdown(lines: list[list[str]], words: int = 3) -> str:
    """Lines of cells, the first `words` of each aligned as words and the rest as numbers."""
    head, *body = lines
    rule = ["---"] * words + ["---:"] * (len(head) - words)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *body])
