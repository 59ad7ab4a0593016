"""One table of every system that can be imported: what was measured, and what was not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from converters.errors import ConvertError
from converters.evaluate.result import Result
from converters.importers.template import Template, known
from edge.config.tables import Config
from edge.dossier.markdown import table
from edge.dossier.persons import figures, with_interval
from edge.runtime.networks.card import Card, read_card

HEAD = (
    "system", "source", "code", "weights", "data", "size, MB", "Arm instructions, millions: "
    "Pi 4 / Pi 5", "age error, years", "exact band", "one off", "gender accuracy", "preset",
)  # fmt: skip
NOT_MEASURED = "not measured"
PROCESSORS = ("cortex-a72", "cortex-a76")
INTRODUCTION = """# The networks that can be compared

Every row runs by one line of configuration, `estimator.models = [...]`, once `agender-convert`
has made its bundle (`import --as NAME` or `ssrnet NAME`; `agender-convert import --help` lists the
names). Cards say how each is fed and read: input size, colour order, mean and scale, margin and
alignment, and the decoder.

Measured on {data}, {faces} faces, 12 for each age band and gender, found by the preset
`{detector}` as it was when they were measured, through the device's own detection, cropping and
decoding. Chance is .111 for the exact band of nine and
.5 for gender. `–`: that network does not say it. *{none}*: not run for
this page, for most because their weights are in no package; their importers are tested with files
of the same form and generated weights, and no figure is taken from anywhere else. Arm instructions
are counted for one face (`agender-convert profile`), all networks of the row together.

Bundles are float16 unless a name says int8, which the importer lets through only where its answers
stay near those of float32 on these faces: at most 1 year apart on average, at most 1.5 % of genders
turned. dlib's age network passes (0.7 years) and costs less than a third on a Pi 5; its gender
network (2.8 % turned) and WideResNet (4.2 %) are refused. With 16-bit activations (`int16x8`) both
of dlib's pass, but there are no fast kernels for it: fourteen times the instructions.

Made by `docs/models/make`; `docs/models/make` without arguments writes the table again from the
results beside it.
"""


def render(results: Sequence[Result], folders: Sequence[Path]) -> str:
    """The page; ConvertError where a result is not of the network that the card describes."""
    _alike(results)
    rows = [_measured(result, folders) for result in results]
    rows.sort(key=lambda row: (row[7] == "–", row[7].zfill(6)))
    seen = {name for result in results for name in result.models}
    first = results[0]
    page = INTRODUCTION.format(
        data=first.data, faces=first.faces, detector=first.detector, none=NOT_MEASURED
    )
    systems = table(HEAD, rows + list(_unmeasured(seen)))
    parts = [page, _verdict(results), systems, *_by_person(folders)]
    return "\n".join(part for part in parts if part) + "\n"


PERSONS = """
## The default by person and group

Above, a face is one crop; here are persons. Simulated, for `{name}`: {simulated} Nobody walked
before a camera for it, and views of one picture err together more than those of somebody who
moves. In brackets what holds 95 % of chance: Wilson's of shares, the seeded bootstrap's of years.
Gender is of those that are told one, years of those that are told an age. Groups of looks are the
data set's authors'. By `python -m benchmarks.persons`."""
PERSON_HEAD = ("group", "persons", "gender right", "told", "age error, years", "bias, years")


def _by_person(folders: Sequence[Path]) -> Iterable[str]:
    """Of the networks of the default configuration: persons by group, as their cards have it."""
    paths = (folder / f"{name}.json" for folder in folders for name in Config().estimator.models)
    for card in (read_card(path) for path in paths if path.is_file()):
        found = card.evidence.get("persons")
        if found:
            yield PERSONS.format(name=card.name, simulated=found["simulated"])
            for data, held in found["data"].items():
                yield f"\n{data}: {held['people']} persons, {held['not_found']} not found.\n"
                groups = held["groups"].items()
                rows = [_person(name, figures(found["columns"], told)) for name, told in groups]
                yield table(PERSON_HEAD, rows)


def _person(name: str, row: Mapping[str, float]) -> list[str]:
    return [
        name,
        str(row["people"]),
        with_interval(row, "sex_right", ".3f"),
        f"{row['sex_told'] / row['people']:.2f}",
        with_interval(row, "years_off", ".1f"),
        f"{row['bias_years']:+.1f}" if "bias_years" in row else "–",
    ]


def _verdict(results: Sequence[Result]) -> str:
    """Whether a measured system is better than the default's, which a preset would need."""
    ours = [one for one in results if set(one.models) == set(Config().estimator.models)]
    others = [one for one in results if one not in ours and "overall" in one.age]
    if not ours or not others:
        return ""
    best = min(others, key=lambda one: one.age["overall"].error_years)
    errors = best.age["overall"].error_years, ours[0].age["overall"].error_years
    earned = "is nearer than" if errors[0] < errors[1] else "does not reach"
    return (
        f"The nearest of the others, `{'`, `'.join(best.models)}` ({errors[0]:.1f} years), "
        f"{earned} the default ({errors[1]:.1f} years)"
        + (".\n" if errors[0] < errors[1] else ", so no preset `accurate` is shipped.\n")
    )


def _alike(results: Sequence[Result]) -> None:
    """Figures stand in one column only if they were measured on the same faces."""
    if not results:
        raise ConvertError("a table needs at least one result")
    for result in results[1:]:
        if (result.data, result.detector) != (results[0].data, results[0].detector):
            raise ConvertError(
                f"the results are not of the same faces: {result.data} by {result.detector}, "
                f"{results[0].data} by {results[0].detector}"
            )


def _measured(result: Result, folders: Sequence[Path]) -> list[str]:
    cards = [_card(name, sha256, folders) for name, sha256 in result.models.items()]
    age, gender = result.age.get("overall"), result.gender.get("overall")
    licence = [
        _joined(getattr(card.licence, part) for card in cards)
        for part in ("code", "weights", "training_data")
    ]
    return [
        _system(cards),
        _joined(card.source.origin.partition(",")[0] for card in cards),
        *licence,
        f"{sum(card.bytes for card in cards) / 1e6:,.2f}",
        " / ".join(_instructions(cards, name) for name in PROCESSORS),
        f"{age.error_years:.1f}" if age else "–",
        f"{age.exact:.2f}" if age else "–",
        f"{age.one_off:.2f}" if age else "–",
        f"{gender.accuracy:.3f}" if gender else "–",
        _preset(cards),
    ]


def _card(name: str, sha256: str, folders: Sequence[Path]) -> Card:
    for folder in folders:
        path = folder / f"{name}.json"
        if path.is_file():
            card = read_card(path)
            if card.sha256 != sha256:
                raise ConvertError(f"the result is of another {name} than {path}: measure it again")
            return card
    raise ConvertError(f"there is no card {name}.json in {', '.join(map(str, folders))}")


def _instructions(cards: Iterable[Card], processor: str) -> str:
    counts = [card.evidence.get("arm_instructions", {}).get(processor) for card in cards]
    if None in counts:
        return NOT_MEASURED
    return f"{sum(count for count in counts if count) / 1e6:,.1f}"


def _system(cards: Sequence[Card]) -> str:
    """The name people know it by, and the cards' names, which the configuration takes."""
    names = {template.name: template.system for template in known().values()}
    said = next((names[card.name] for card in cards if card.name in names), "")
    if not said:
        said = "ours" if cards[0].source.origin.startswith("agender-convert") else "SSR-Net"
    return f"{said}: " + ", ".join(f"`{card.name}`" for card in cards)


def _preset(cards: Sequence[Card]) -> str:
    """`default` where the configuration names just these, or a variant of one, without a word."""
    return "default" if {card.name for card in cards} == set(Config().estimator.models) else "–"


def _unmeasured(seen: set[str]) -> Iterable[list[str]]:
    """A row for each system none of whose networks is in a result."""
    systems: dict[str, list[Template]] = {}
    for template in known().values():
        systems.setdefault(template.system, []).append(template)
    for system, templates in systems.items():
        names = [template.name for template in templates]
        if seen & set(names) or _same_network(system, seen):
            continue
        first = templates[0]
        yield [
            f"{system}: " + ", ".join(f"`{name}`" for name in names),
            first.source.project.partition(",")[0],
            first.licence.code,
            first.licence.weights,
            first.licence.training_data,
            *[NOT_MEASURED] * 6,
            "–",
        ]


def _same_network(system: str, seen: set[str]) -> bool:
    """The mxnet port at 64 pixels is measured under the names that `ssrnet` gives it."""
    return system.endswith("64×64") and any(name.startswith("ssrnet_mxnet") for name in seen)


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(parts))
