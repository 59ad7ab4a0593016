"""Networks that a shop may not run are named, and refused where that is asked for."""

from __future__ import annotations

import json
import shutil

import msgspec
import pytest

from edge.cli import main
from edge.config.tables import Config
from edge.diagnostics.checks import models as findings_of
from edge.errors import ModelError
from edge.runtime.meter import Meter
from edge.runtime.networks.card import parse_card, read_card
from edge.runtime.networks.licences import named, not_commercial, require_commercial
from edge.vision.assembly import load_models
from tests.shared import MODELS


def chain(detector: str, *estimators: str, only: bool = False, folder=MODELS) -> Config:
    """A configuration of these networks."""
    return msgspec.convert(
        {
            "detector": {"model": detector},
            "estimator": {"models": list(estimators), "commercial_only": only},
            "paths": {"models": str(folder)},
        },
        Config,
    )


def licence_of(name: str) -> dict:
    """As the card has it."""
    return json.loads((MODELS / f"{name}.json").read_text())["licence"]


@pytest.mark.parametrize("detector", ["far", "near", "crowd", "haar"])
@pytest.mark.parametrize("estimators", [("agender_64",), ("ssrnet_age_imdb", "ssrnet_gender_imdb")])
def test_named_are_those_whose_cards_do_not_allow_it(detector, estimators):
    """Detectors, the one that looks again, what stands in for them, and estimators."""
    found = {card.name for card in not_commercial(chain(detector, *estimators))}
    assert not any(licence_of(name)["commercial_use"] for name in found)
    assert ("ssrnet_age_imdb" in found) == ("ssrnet_age_imdb" in estimators)
    assert {
        "libface_320x240",
        "libface_96x96",
        "libface_320x240_int8",
    } <= found or detector != "far"
    assert any(name.startswith("centerface") for name in found) == (detector == "crowd")


def test_one_chain_that_is_shipped_is_free_throughout():
    """BlazeFace and our own estimator: allowed by the cards, and so loaded."""
    config = chain("near", "agender_64", only=True)
    assert not_commercial(config) == ()
    require_commercial(config)
    load_models(config, Meter())


def test_a_stand_in_for_a_processor_is_looked_at_too(tmp_path):
    """Whatever the processor of the machine that checks: the kit may be for another."""
    for path in (*MODELS.glob("blazeface*"), *MODELS.glob("agender_64*")):
        shutil.copy(path, tmp_path)
    card = json.loads((tmp_path / "agender_64.json").read_text())
    other = card | {"name": "other", "licence": card["licence"] | {"commercial_use": False}}
    (tmp_path / "other.json").write_text(json.dumps(other))
    (tmp_path / "agender_64.json").write_text(
        json.dumps(card | {"variants": {"dot_product": "other"}})
    )
    found = not_commercial(chain("near", "agender_64", folder=tmp_path))
    assert [one.name for one in found] == ["other"]


def test_asked_for_none_is_loaded_that_a_shop_may_not_run():
    """By a sentence that names them, their terms, and what is free."""
    config = chain("far", "agender_64", only=True)
    for refuse in (require_commercial, lambda config: load_models(config, Meter())):
        with pytest.raises(
            ModelError,
            match=r"libface_320x240.*BSD-3-Clause.*WIDER FACE.*"
            r"free are: agender_64, blazeface_short_128$",
        ):
            refuse(config)  # fmt: skip
    findings = {finding.subject: finding.state for finding in findings_of(config)}
    assert findings["licence"] == "bad"


def test_not_asked_for_they_are_loaded():
    """The key is off by default."""
    assert not Config().estimator.commercial_only
    require_commercial(chain("far", "agender_64"))


def test_networks_of_the_same_terms_are_named_together():
    """So that the sentence stays one to be read."""
    text = named(not_commercial(chain("far", "ssrnet_age_imdb", "ssrnet_gender_imdb")))
    assert text.count("WIDER FACE") == text.count("IMDB-WIKI") == 1
    assert (
        "ssrnet_age_imdb, ssrnet_gender_imdb (weights: Apache-2.0, commercial use allowed; " in text
    )


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ([], 0, "by their cards not free for commercial use: libface"),
        (["--detector", "near"], 0, ""),
        (["--set", "estimator.commercial_only=true"], 4, "estimator.commercial_only is set, but"),
        (["--detector", "near", "--set", "estimator.commercial_only=true"], 0, ""),
    ],
)
def test_config_check_tells_which_parts_are_not_free(capsys, words, status, told):
    """As a remark; where it is asked for, as a refusal."""
    with pytest.raises(SystemExit) as ended:
        main(["config", "check", *words])
    assert ended.value.code == status
    err = capsys.readouterr().err
    assert told in err
    assert bool(told) == bool(err)


SHIPPED = sorted(path.stem for path in MODELS.glob("*.json"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_card_tells_the_grant_apart_from_the_terms_of_the_data(name):
    """In sentences, and in a word each; what is concluded agrees with both."""
    said = read_card(MODELS / f"{name}.json").licence
    assert said.weights in said.weights_grant and "grant" in said.weights_grant
    assert said.weights_commercial == "allowed"
    assert said.training_data_terms
    assert said.commercial_use == (said.training_data_commercial != "forbidden")
    assert (said.training_data_commercial == "forbidden") == (
        "WIDER FACE" in said.training_data or "IMDB-WIKI" in said.training_data
    )


def changed(name: str, **keys) -> bytes:
    """A shipped card with other rights; a key of None is left out."""
    card = json.loads((MODELS / f"{name}.json").read_text())
    said = card["licence"] | keys
    return json.dumps(
        card | {"licence": {key: value for key, value in said.items() if value is not None}}
    ).encode()


NEW = ("weights_grant", "weights_commercial", "training_data_terms", "training_data_commercial")


@pytest.mark.parametrize(
    ("name", "keys", "told"),
    [
        ("agender_64", {"weights_commercial": "perhaps"}, "weights_commercial"),
        ("agender_64", {"training_data_commercial": True}, "training_data_commercial"),
        ("agender_64", {"weights_grant": None}, "`weights_grant` has to say why"),
        ("libface_96x96", {"training_data_terms": " "}, "`training_data_terms` has to say why"),
        ("libface_96x96", {"commercial_use": True}, "`training_data_commercial` says"),
        ("agender_64", {"weights_commercial": "forbidden"}, "`weights_commercial` says"),
        ("agender_64", {"weights_licence": "MIT"}, "weights_licence"),
    ],
)  # fmt: skip
def test_a_card_that_contradicts_itself_is_refused(name, keys, told):
    """By a sentence that names the key, in the one place where cards are checked."""
    with pytest.raises(ModelError, match=told):
        parse_card(changed(name, **keys), name)


def test_a_card_of_before_still_serves():
    """It has `commercial_use` alone, and is named by what it says."""
    card = parse_card(changed("libface_96x96", **dict.fromkeys(NEW)), "old")
    assert not card.licence.told_apart
    assert card.licence.weights_commercial == "not stated"
    assert "(weights: BSD-3-Clause; learned from: WIDER FACE" in named([card])


def test_which_part_is_not_free_is_named():
    """The weights' licence allows it, the data's terms do not."""
    text = named(not_commercial(chain("far", "agender_64")))
    assert "weights: BSD-3-Clause, commercial use allowed" in text
    assert "non-commercial research), commercial use forbidden" in text
