"""TensorFlow's graphs are frozen without being run, and only what computes is let in."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from converters.errors import ConvertError
from tests.converters.import_files.tensorflow_files import Slim

pytestmark = pytest.mark.converters
PIXELS = np.random.default_rng(0).normal(size=(3, 16, 16, 3)).astype(np.float32)


def read(path, wanted=(), input_tensor=""):
    net = importlib.import_module("converters.importers.tensorflow_net.net")
    return net.read(path, input_tensor, list(wanted), (16, 16))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A checkpoint as training leaves it (flags, dropout, two kinds of variables), its frozen
    graph, and what the session answered."""
    tf = pytest.importorskip("tensorflow")
    v1 = tf.compat.v1
    v1.disable_control_flow_v2()
    folder = tmp_path_factory.mktemp("checkpoint")
    with tf.Graph().as_default() as graph, v1.Session() as session:
        v1.set_random_seed(1)
        image = v1.placeholder(tf.float32, [None, 16, 16, 3], name="input_image")
        training = v1.placeholder(tf.bool, name="training")
        keep = v1.placeholder(tf.float32, [], name="keep")
        random, ones = v1.random_normal_initializer(), v1.ones_initializer()
        x = tf.nn.conv2d(image, v1.get_variable("w", [3, 3, 3, 4], use_resource=False), 2, "SAME")
        scale, shift = (v1.get_variable(n, [4], initializer=random) for n in ("scale", "shift"))
        mean = v1.get_variable("mean", [4], initializer=random)
        spread = v1.get_variable("spread", [4], initializer=ones)
        x = v1.cond(
            training,
            lambda: v1.nn.fused_batch_norm(x, scale, shift, is_training=True)[0],
            lambda: v1.nn.fused_batch_norm(x, scale, shift, mean, spread, is_training=False)[0],
        )
        x = tf.reshape(v1.nn.dropout(tf.nn.relu(x), keep_prob=keep), [-1, 256])
        head = v1.get_variable("head", [256, 8], use_resource=True)
        age = tf.nn.softmax(tf.matmul(x, head), name="age")
        gender = tf.matmul(x, v1.get_variable("gender_head", [256, 2]), name="gender")
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(folder / "model.ckpt-7"))
        feed = {image: PIXELS, training: False, keep: 1.0}
        said = dict(zip(("age", "gender"), session.run([age, gender], feed), strict=True))
        frozen = v1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), ["age", "gender"]
        )
        (folder / "frozen.pb").write_bytes(frozen.SerializeToString())
    return folder, said


@pytest.mark.parametrize("name", ["model.ckpt-7.meta", "model.ckpt-7.index", "frozen.pb"])
def test_checkpoints_and_frozen_graphs_answer_as_the_session_did(trained, name):
    """With training's flags off and every value kept by dropout."""
    tf = importlib.import_module("tensorflow")
    folder, expected = trained
    net = read(folder / name, ["age", "gender"])
    assert dict(net.outputs) == {"age": 8, "gender": 2}
    said = tf.function(net.make(["age", "gender"]))(tf.constant(PIXELS))
    for output, values in expected.items():
        np.testing.assert_allclose(said[output], values, atol=1e-5)
        np.testing.assert_allclose(net.reference(PIXELS, [output])[output], values, atol=1e-5)


def test_a_frozen_graphs_last_nodes_are_its_outputs_and_any_tensor_may_be_the_picture(trained):
    """The picture may enter behind what the authors did to it."""
    folder, _ = trained
    assert set(read(folder / "frozen.pb").outputs) == {"age", "gender"}
    inside = read(folder / "frozen.pb", ["age"], "input_image:0")
    assert inside.outputs["age"] == 8
    with pytest.raises(ConvertError, match="no tensor 'map/x:0' for the picture"):
        read(folder / "frozen.pb", ["age"], "map/x:0")
    with pytest.raises(ConvertError, match=r"no output 'agé'; its last nodes are: .*age"):
        read(folder / "frozen.pb", ["agé"])


def test_a_saved_model_answers_as_keras_does(tmp_path):
    """By its signature."""
    keras = importlib.import_module("keras")
    tf = importlib.import_module("tensorflow")
    model = keras.Sequential(
        [keras.Input((16, 16, 3)), keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization(),
         keras.layers.Flatten(), keras.layers.Dense(8, activation="softmax")]
    )  # fmt: skip
    model.export(tmp_path / "saved", verbose=False)
    net = read(tmp_path / "saved")
    (name,) = net.outputs
    said = net.make([name])(tf.constant(PIXELS))[name]
    np.testing.assert_allclose(said, model.predict(PIXELS, verbose=0), atol=1e-6)


@pytest.mark.parametrize("operation", ["ReadFile", "WriteFile", "PyFunc", "ShardedFilename"])
def test_a_graph_that_could_do_more_than_compute_is_refused(operation, tmp_path):
    """Before TensorFlow sees it."""
    v1 = importlib.import_module("tensorflow").compat.v1
    graph = v1.GraphDef()
    image = graph.node.add(name="image", op="Placeholder")
    image.attr["dtype"].type = 1
    graph.node.add(name="bad", op=operation, input=["image"])
    (tmp_path / "bad.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(ConvertError, match=f"not let in.*: {operation}"):
        read(tmp_path / "bad.pb")


def test_a_saved_model_that_could_do_more_is_refused_before_it_is_loaded(tmp_path):
    """A function inside it that reads a file."""
    tf = importlib.import_module("tensorflow")

    class Reader(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 16, 16, 3), tf.float32)])
        def run(self, image):
            return tf.reduce_sum(image, [1, 2]) + float(
                tf.strings.length("x") > 5
            ) * tf.strings.to_number(tf.io.read_file("/etc/hostname"))

    module = Reader()
    tf.saved_model.save(module, str(tmp_path / "saved"), module.run)
    with pytest.raises(ConvertError, match=r"not let in.*ReadFile"):
        read(tmp_path / "saved")


@pytest.mark.parametrize("content", [b"", b"text, no graph at all", b"\x0a\xff\xff\xff"])
def test_what_is_no_graph_is_refused(content, tmp_path):
    """Whatever the bytes."""
    (tmp_path / "x.pb").write_bytes(content)
    with pytest.raises(ConvertError, match="no graph of TensorFlow"):
        read(tmp_path / "x.pb")


def test_a_damaged_checkpoint_is_refused(trained, tmp_path):
    """Truncated values, a missing file, weights that are not numbers elsewhere."""
    folder, _ = trained
    for path in folder.glob("model.ckpt-7.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    data = next(tmp_path.glob("*.data-*"))
    data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(ConvertError, match=r"lacks the weights|no checkpoint"):
        read(tmp_path / "model.ckpt-7.meta", ["age"])
    data.unlink()
    with pytest.raises(ConvertError, match=r"model\.ckpt-7"):
        read(tmp_path / "model.ckpt-7.meta", ["age"])


@pytest.mark.parametrize("fused", [True, False], ids=["in one operation", "in several"])
def test_a_graph_for_training_normalizes_by_the_averages_that_training_kept(fused, tmp_path):
    """Not by the batch at hand, or a face's age would depend on the faces beside it."""
    tf = importlib.import_module("tensorflow")
    v1 = tf.compat.v1
    said = {}
    for training in (True, False):
        with tf.Graph().as_default(), v1.Session() as session:
            image = v1.placeholder(tf.float32, [None, 16, 16, 3], name="image")
            heads = Slim(training, fused).conv(image, "first", 4, 3)
            tf.reduce_mean(heads, [1, 2], name="age")
            if training:
                session.run(v1.global_variables_initializer())
                v1.train.Saver().save(session, str(tmp_path / "model.ckpt-1"))
            else:
                v1.train.Saver().restore(session, str(tmp_path / "model.ckpt-1"))
            said[training] = session.run("age:0", {image: PIXELS})
    found = read(tmp_path / "model.ckpt-1.meta", ["age"]).reference(PIXELS, ["age"])["age"]
    np.testing.assert_allclose(found, said[False], atol=1e-5)
    assert np.abs(said[True] - said[False]).max() > 0.01


def test_a_graph_that_has_only_the_batch_to_go_by_is_refused(tmp_path):
    """It kept no averages."""
    tf = importlib.import_module("tensorflow")
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        image = v1.placeholder(tf.float32, [None, 16, 16, 3], name="image")
        ones = tf.ones([3])
        v1.nn.fused_batch_norm(image, ones, ones, name="norm", is_training=True)
        (tmp_path / "x.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(ConvertError, match=r"normalizes by the batch at hand \(norm\)"):
        read(tmp_path / "x.pb", ["norm"])


def test_of_several_places_where_a_picture_may_enter_the_first_that_is_there_is_taken(trained):
    """And without any of them the one placeholder for pictures."""
    folder, _ = trained
    for places in (("queue:0", "input_image:0"), ("queue:0",)):
        assert read(folder / "frozen.pb", ["age"], places).outputs["age"] == 8


def test_a_saved_model_of_tensorflow_1_is_read_by_its_signature(tmp_path):
    """With the operations that filled its variables, which are only there to begin training."""
    tf = importlib.import_module("tensorflow")
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        image = v1.placeholder(tf.float32, [None, None, None, 3], name="image")
        x = v1.image.resize_images(image, [16, 16])
        start = v1.truncated_normal_initializer()
        kernel = v1.get_variable("w", [3, 3, 3, 4], initializer=start, use_resource=False)
        x = tf.reduce_mean(tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME")), [1, 2])
        head = v1.get_variable("head", [4, 101], initializer=v1.random_normal_initializer())
        age = tf.nn.softmax(tf.matmul(x, head))
        session.run(v1.global_variables_initializer())
        outputs = {"age_prob": age, "age_class": tf.argmax(age, 1)}
        v1.saved_model.simple_save(session, str(tmp_path / "saved"), {"image": image}, outputs)
        expected = session.run(age, {image: PIXELS})
    net = read(tmp_path / "saved")
    assert net.outputs["age_prob"] == 101
    said = net.make(["age_prob"])(tf.constant(PIXELS))["age_prob"]
    np.testing.assert_allclose(said, expected, atol=1e-6)
