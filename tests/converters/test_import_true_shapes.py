"""The published networks' whole graphs, weights generated, against their own frameworks."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from converters.importers.template import known
from tests.converters.import_files import tensorflow_files

pytestmark = [pytest.mark.converters, pytest.mark.slow]
SYSTEMS = known()


def pictures(side: int, count: int = 2) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, side, side, 3)).astype(np.float32)


def answers(net, images: np.ndarray) -> dict[str, np.ndarray]:
    tf = importlib.import_module("tensorflow")
    said = tf.function(net.make(list(net.outputs)))(tf.constant(images))
    return {name: values.numpy() for name, values in said.items()}


def read(path, template):
    net = importlib.import_module("converters.importers.tensorflow_net.net")
    wanted = [output.output for output in template.outputs if output.output]
    size = (template.input.height, template.input.width)
    return net.read(path, template.input_tensor, wanted, size)


def queue(v1, name: str, shape: list[int]):
    """Pictures as a training graph gets them: from a queue, a batch of fixed size."""
    waiting = v1.FIFOQueue(4, [v1.float32], [shape[1:]])
    return v1.identity(waiting.dequeue_many(shape[0]), name=name)


def test_inception_v3_as_rude_carnie_trained_it_answers_as_in_use(tmp_path):
    """The checkpoint's graph reads a queue and normalizes by the batch; guess.py builds another
    graph for use, with the averages that training kept. Ours must be that one."""
    tf = pytest.importorskip("tensorflow")
    v1 = tf.compat.v1
    v1.disable_control_flow_v2()
    with tf.Graph().as_default(), v1.Session() as session:
        with v1.name_scope("batch_processing"):
            image = tf.reshape(queue(v1, "x", [4, 227, 227, 3]), [4, 227, 227, 3], name="Reshape")
        tensorflow_files.inception_v3(tensorflow_files.Slim(True, fused=False), image, 8)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "checkpoint-14999"))
    images = pictures(227)
    with tf.Graph().as_default(), v1.Session() as session:
        place = v1.placeholder(tf.float32, [None, 227, 227, 3])
        logits = tensorflow_files.inception_v3(tensorflow_files.Slim(False, fused=False), place, 8)
        v1.train.Saver().restore(session, str(tmp_path / "checkpoint-14999"))
        expected = session.run(logits, {place: images})
    net = read(tmp_path / "checkpoint-14999.meta", SYSTEMS["inception-v3-age"])
    said = answers(net, images)["output/output"]
    np.testing.assert_allclose(said, expected, atol=1e-4 * np.abs(expected).max())
    assert np.ptp(expected) > 0.1


def test_inception_resnet_as_boyuanjiang_trained_it_answers_as_in_use(tmp_path):
    """A flag for training, dropout behind it, two heads, a queue of pictures."""
    tf = pytest.importorskip("tensorflow")
    v1 = tf.compat.v1
    v1.disable_control_flow_v2()
    with tf.Graph().as_default(), v1.Session() as session:
        image = queue(v1, "input/shuffle_batch", [4, 160, 160, 3])
        slim = tensorflow_files.Slim(v1.placeholder(tf.bool), fused=True)
        heads = tensorflow_files.inception_resnet(slim, image, 0.8)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "model.ckpt-7"))
        images = pictures(160, 4)
        expected = session.run(heads, {image: images, slim.training: False})
    net = read(tmp_path / "model.ckpt-7.meta", SYSTEMS["inception-resnet"])
    said = answers(net, images)
    for name, values in zip(("age", "gender"), expected, strict=True):
        found = said[f"logits/{name}/BiasAdd"]
        np.testing.assert_allclose(found, values, atol=1e-4 * np.abs(values).max())


@pytest.mark.parametrize("name", ["resnet50-age", "mobilenet-21"])
def test_keras_networks_of_true_size_answer_as_keras_does(name, tmp_path):
    """Weights alone, in the form that Keras 1 and 2 stored them."""
    h5py = pytest.importorskip("h5py")
    keras = importlib.import_module("keras")
    legacy = importlib.import_module("keras.src.legacy.saving.legacy_h5_format")
    architectures = importlib.import_module("converters.importers.keras_net.architectures")
    reader = importlib.import_module("converters.importers.keras_net.net")
    template = SYSTEMS[name]
    keras.utils.set_random_seed(1)
    model = architectures.build(template.architecture)
    side = template.input.width
    assert model.input_shape == (None, side, side, 3)
    with h5py.File(tmp_path / "w.h5", "w") as file:
        legacy.save_weights_to_hdf5_group(file, model)
    images = pictures(side)
    expected = model.predict(images, verbose=0)
    net = reader.read((tmp_path / "w.h5").read_bytes(), b"", template.architecture, "w.h5")
    said = answers(net, images)
    several = expected if isinstance(expected, list) else [expected]
    for found, values in zip(said.values(), several, strict=True):
        np.testing.assert_allclose(found, values, atol=1e-5)
