"""`agender-convert import FILE --as NAME`: another project's network → a bundle of ours."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import msgspec

from converters.errors import ConvertError
from converters.files import write_whole
from converters.importers import template as templates
from converters.importers.template import Template
from converters.schemes import SCHEMES
from converters.sources import Url, check, digest, obtain
from edge.runtime.networks import resource_limits
from edge.runtime.networks.card_keys import Name, words

EXAMPLES = """examples:
  agender-convert import --as dlib-age --data fairface_dev.zip
  agender-convert import weights.28-3.73.hdf5 --as wide-resnet
  agender-convert import age_net.caffemodel --structure deploy_age.prototxt \\
      --mean mean.binaryproto --as levi-hassner-age
  agender-convert import --url https://example.org/age_net.caffemodel --sha256 HASH \\
      --structure deploy_age.prototxt --as levi-hassner-age
  agender-convert import my_net.onnx --card my_card.toml --data my_faces.zip
  agender-convert import my_net.tflite --skeleton > my_card.toml
  agender-convert import --show levi-hassner-age > my_card.toml

Formats: ONNX (with external data and QDQ int8 too); Caffe (.caffemodel and its deploy.prototxt);
Keras 1 to 3 (.h5, .hdf5, .keras); TensorFlow (frozen .pb, SavedModel's folder, checkpoint .meta);
TensorFlow.js (model.json of a graph or of layers); mxnet (.params, -symbol.json); a ready .tflite,
taken as it is without what nobody reads. Of .pt, .safetensors, OpenVINO, NCNN, MNN and the like the
line that exports them is told.
Code in a file (a Keras Lambda layer, a pickle) is never run. What is converted is compared with
the original framework's answers, and the difference is in the card."""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    systems = "".join(f"  {n:<24} {t.description}\n" for n, t in templates.known().items())
    parser = verbs.add_parser(
        "import",
        help="import another project's age or gender network",
        description="Import a published age or gender network as a bundle: NAME.tflite and "
        "NAME.json.",
        epilog=f"systems:\n{systems}\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file", type=Path, nargs="?", metavar="FILE",
        help="the network's file (default: fetched from where the system publishes it)",
    )  # fmt: skip
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--as", dest="system", metavar="NAME", help="a known system, see below")
    kind.add_argument("--card", type=Path, metavar="TOML", help="a card's template of your own")
    kind.add_argument("--show", metavar="NAME", help="print a known system's template and stop")
    kind.add_argument("--skeleton", action="store_true",
                      help="print a template begun from FILE alone, and stop")  # fmt: skip
    parser.add_argument("--structure", type=Path, metavar="FILE",
                        help="deploy.prototxt, -symbol.json or Keras's to_json()")  # fmt: skip
    parser.add_argument("--mean", type=Path, metavar="FILE", help="mean picture (.binaryproto)")
    parser.add_argument("--url", help="fetch the file from there; needs --sha256")
    parser.add_argument("--sha256", metavar="HASH", help="the hash that the file must have")
    parser.add_argument("--unpinned", action="store_true",
                        help="take a FILE that is not the published one of the system")  # fmt: skip
    parser.add_argument("--name", type=bundle_name,
                        help="the bundle's name (default: the template's)")  # fmt: skip
    parser.add_argument("--scheme", choices=SCHEMES,
                        help="how weights are stored (default: float16; a ready .tflite keeps "
                        "its own)")  # fmt: skip
    parser.add_argument("--data", type=Path,
                        help="labelled faces, as for evaluate: measures parity and drift on real "
                        "crops, calibrates int8")  # fmt: skip
    parser.add_argument("--limit", type=int, default=1000, help="use at most this many faces")
    parser.add_argument("--pad", type=float, default=0.0, help="room round each picture")
    parser.add_argument("--models", type=Path, default=Path("models_tflite"),
                        help="folder of the detectors")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("models_tflite"),
                        help="folder (default: %(default)s)")  # fmt: skip
    parser.set_defaults(run=run)


def bundle_name(text: str) -> str:
    """The name of a bundle's files; an error of the command line where it can't be one."""
    try:
        return msgspec.convert(text, Name)
    except msgspec.ValidationError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no bundle's name: {words(error)}") from error


def run(arguments: argparse.Namespace) -> int:
    """Import one file; prints the card's path."""
    if arguments.show:
        _named(arguments.show)
        stem = arguments.show.replace("-", "_")
        print((templates.FOLDER / f"{stem}.toml").read_text(encoding="utf-8"), end="")
        return 0
    if arguments.skeleton:
        print(_skeleton(arguments.file, arguments.structure), end="")
        return 0
    template = _template(arguments)
    for path in (arguments.structure, arguments.mean):
        if path is not None:
            digest(path)  # it can be read
    if template.mean_picture and arguments.mean is None:
        raise ConvertError(f"{template.name} subtracts a mean picture: give its file with --mean")
    if arguments.mean is not None:  # it takes the place of each channel's mean
        spec = msgspec.structs.replace(template.input, mean=(0.0, 0.0, 0.0))
        template = msgspec.structs.replace(template, input=spec)
    with tempfile.TemporaryDirectory(prefix="agender-convert-") as folder:
        file, origin = _file(arguments, template, Path(folder))
        return _imported(arguments, template, file, origin)


def _skeleton(file: Path | None, structure: Path | None) -> str:
    """A template begun from a file."""
    from converters.importers import process, readers, skeleton, tflite_metadata
    from converters.importers.request import Job

    if file is None:
        raise ConvertError("--skeleton needs FILE, the network's file")
    kind = readers.form(file)
    side = skeleton.WIDTH_DEFAULT
    plain = next(iter(templates.known().values()))
    spec = msgspec.structs.replace(plain.input, width=side, height=side)
    job = Job(
        template=msgspec.structs.replace(
            plain, input=spec, architecture="", input_tensor="", form=""
        ),
        file=str(file.absolute()),
        structure=str(structure.absolute()) if structure else "",
        scheme="float32",
    )
    shown = process.looked_at(job)
    said = tflite_metadata.read(file.read_bytes()) if kind == "tflite" else None
    seen = skeleton.Seen(shown.picture, shown.outputs, said or tflite_metadata.Metadata())
    return skeleton.render(file, seen)


def _template(arguments: argparse.Namespace) -> Template:
    if arguments.card is not None:
        return templates.read(arguments.card)
    if arguments.system is None:
        raise ConvertError(
            "say what the file is: --as NAME for a known system, or --card TOML; `import FILE "
            "--skeleton` begins such a file"
        )
    return _named(arguments.system)


def _named(name: str) -> Template:
    known = templates.known()
    if name not in known:
        raise ConvertError(f"{name!r} is no known system; known are {', '.join(known)}")
    return known[name]


def _file(arguments: argparse.Namespace, template: Template, folder: Path) -> tuple[Path, str]:
    """The file to read, its hash checked where one is known, and where it is from."""
    path: Path | None = arguments.file
    project = template.source.project
    if arguments.url:
        if not arguments.sha256 or path is not None:
            raise ConvertError(
                "--url needs --sha256, the hash that the file must have, and no FILE"
            )
        place = obtain(Url(arguments.url, arguments.sha256))
        fetched = folder / arguments.url.rsplit("/", 1)[-1]
        fetched.symlink_to(place)
        return fetched, arguments.url
    if path is not None and arguments.sha256:
        check(path, arguments.sha256, "the given hash")
    pinned = template.source.sha256 and not arguments.unpinned and not arguments.sha256
    if path is not None and (path.is_dir() or not pinned):
        return path, f"{project}, {path.name}"
    original = template.original()
    if path is None and not pinned:
        raise ConvertError(
            f"the weights of {template.name} ({project}) have no pinned address: give their FILE, "
            "or --url and --sha256"
        )
    content = original.read(path)
    name = Path(template.source.member or template.source.url or str(path)).name
    write_whole(folder / name, content)
    return folder / name, f"{original.source.origin}, {name}"


def _imported(arguments: argparse.Namespace, template: Template, file: Path, origin: str) -> int:
    from converters.importers import readers
    from converters.importers.job import Asked, convert
    from converters.verify.crops import Where

    kind = readers.form(file, template.form)  # of none, the sentence comes before the faces
    if kind == "tflite" and arguments.scheme:
        raise ConvertError(
            f"{file.name} is taken as it is, its weights too: leave --scheme away, or import the "
            "network that it was made from"
        )
    where = None
    if arguments.data is not None:
        where = Where(arguments.data, arguments.models, arguments.limit, arguments.pad)
    asked = Asked(
        template, file, origin, arguments.structure, arguments.mean,
        arguments.scheme or "float16", where, arguments.name or "",
    )  # fmt: skip
    path, card = convert(asked, arguments.out)
    print(path)
    if resource_limits.heavy(card):
        print(f"agender-convert: for a workstation: {resource_limits.cost(card)}", file=sys.stderr)
    return 0
