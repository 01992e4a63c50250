"""A value of a measure or figure, written in its unit. In: its name and value. Out: text; a dash for unscored."""

from evals.compare import Change
from evals.measures import FIGURES, MEASURES


def written(name: str, value: float | None) -> str:
    """``81.2 %``, ``45 ms``, ``–``."""
    measure = MEASURES.get(name) or FIGURES.get(name)
    if value is None:
        return "–"
    match measure.unit if measure else "share":
        case "share":
            return f"{100 * value:.1f} %"
        case "ms":
            return f"{value:.0f} ms"
        case unit:
            return f"{value:.4g} {unit}"


def moved(change: Change) -> str:
    """``citation_recall 100.0 % → 50.0 %``."""
    return f"{change.measure} {written(change.measure, change.before)} → {written(change.measure, change.after)}"


def signed(name: str, value: float) -> str:
    """A difference, with its sign."""
    return ("+" if value > 0 else "−" if value < 0 else "") + written(name, abs(value))
