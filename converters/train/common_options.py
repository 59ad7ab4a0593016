"""What every training file has in common: strict tables, what the card repeats, how it is read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from converters import terms
from converters.errors import ConvertError
from edge.runtime.networks.card_keys import words
from edge.runtime.networks.card_licence import Licence, Says

NonNegative = Annotated[float, Meta(ge=0, le=1e6)]


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file; a key that it does not know is refused."""


class About(Group, frozen=True):
    """What the card says of the network and of the faces it learned from."""

    description: str
    training_data: str = "not stated"
    weights_licence: str = "not stated"
    commercial_use: bool = False
    attribution: str = ""
    training_data_terms: str = ""
    training_data_commercial: Says = "not stated"

    def licence(self) -> Licence:
        """The card's part on rights; ConvertError where it contradicts itself."""
        try:
            return terms.completed(
                Licence(
                    code="Apache-2.0",
                    weights=self.weights_licence,
                    training_data=self.training_data,
                    commercial_use=self.commercial_use,
                    attribution=self.attribution,
                    training_data_terms=self.training_data_terms,
                    training_data_commercial=self.training_data_commercial,
                )
            )
        except ValueError as error:
            raise ConvertError(f"[about] is not right: {error}") from error


Options = TypeVar("Options", bound=Group)


def read(path: Path | None, kind: type[Options]) -> Options:
    """The settings in the TOML file `path`, the defaults for None; ConvertError names the key."""
    if path is None:
        return kind()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), kind)
    except OSError as error:
        raise ConvertError(f"cannot read the training file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        said = words(error, kind)
        raise ConvertError(f"the training file {path} is not valid: {said}") from error
