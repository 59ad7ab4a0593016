"""UTKFace: everything is in the file's name, `[age]_[gender]_[race]_[date&time].jpg…`."""

from __future__ import annotations

import re

from converters.datasets.places import Places
from converters.datasets.rows import Age, Dropped, Labels, Row, Terms, Wishes
from converters.errors import ConvertError

TERMS = Terms(
    "UTKFace",
    "for non-commercial research only; the pictures belong to their owners",
    False,
    "UTKFace, Z. Zhang, Y. Song & H. Qi, CVPR 2017",
    "https://susanqq.github.io/UTKFace/",
)
WANTS = "UTKFace.tar.gz (aligned and cropped faces) or its folder"
AGE_MAX_YEARS = 116
GROUPS = ("White", "Black", "Asian", "Indian", "Other")
_NAME = re.compile(r"(\d{1,3})_([01])_([0-4])_(\d{8,})")
_PICTURE = re.compile(r"\.?jpe?g$", re.IGNORECASE)


def parse(places: Places, _wishes: Wishes) -> Labels:
    """Every picture: a few of the published names lack a field, and are dropped."""
    found = places.files(lambda name: bool(_PICTURE.search(name)))
    if not found:
        raise ConvertError(f"there are no JPEGs: UTKFace is {WANTS}")
    for file in found:
        name = file.name.rpartition("/")[2]
        label = _NAME.match(name)
        if label is None:
            yield Dropped(file.name, "name without age, gender or group")
        elif not 0 <= int(label[1]) <= AGE_MAX_YEARS:
            yield Dropped(file.name, f"age over {AGE_MAX_YEARS}")
        else:
            age, group = Age(float(label[1])), GROUPS[int(label[3])]
            yield Row(file.name, name.replace(" ", ""), label[2] == "1", age, group)
