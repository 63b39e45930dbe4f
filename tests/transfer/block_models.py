"""Trunks whose maps keep their size, built of blocks that repeat; and which layers a group holds."""

import keras

from kerasaug.transfer import layer_groups

layers = keras.layers


def attention(x, name):
    return layers.MultiHeadAttention(1, 4, name=f"{name}_mha")(x, x)


def mlp(x, name):
    return layers.Dense(4, name=f"{name}_d2")(layers.Dense(8, name=f"{name}_d1")(x))


def pre_norm(x, name):
    x = layers.Add()([x, attention(layers.LayerNormalization(name=f"{name}_n1")(x), name)])
    return layers.Add()([x, mlp(layers.LayerNormalization(name=f"{name}_n2")(x), name)])


def post_norm(x, name):
    x = layers.LayerNormalization(name=f"{name}_n1")(layers.Add()([x, attention(x, name)]))
    return layers.LayerNormalization(name=f"{name}_n2")(layers.Add()([x, mlp(x, name)]))


def parallel(x, name):
    """Attention and MLP beside each other, with query, key and value of their own."""
    y = layers.LayerNormalization(name=f"{name}_n")(x)
    query, key, value = (layers.Dense(4, name=f"{name}_{part}")(y) for part in "qkv")
    return layers.Add()([x, layers.Attention()([query, value, key]), mlp(y, name)])


def mixer(x, name):
    y = layers.Permute((2, 1))(layers.LayerNormalization(name=f"{name}_n1")(x))
    y = layers.Dense(x.shape[1], name=f"{name}_t2")(layers.Dense(3, name=f"{name}_t1")(y))
    x = layers.Add()([x, layers.Permute((2, 1))(y)])
    return layers.Add()([x, mlp(layers.LayerNormalization(name=f"{name}_n2")(x), name)])


def convmixer(x, name):
    y = layers.BatchNormalization(name=f"{name}_n1")(layers.DepthwiseConv2D(3, padding="same", name=f"{name}_dw")(x))
    x = layers.Conv2D(4, 1, name=f"{name}_pw")(layers.Add()([x, y]))
    return layers.BatchNormalization(name=f"{name}_n2")(x)


def vit(block, count, prefix="b", classes=2):
    images = keras.Input((8, 8, 3))
    x = layers.Reshape((4, 4))(layers.Conv2D(4, 4, strides=4, name="patches")(images))
    for index in range(count):
        x = block(x, f"{prefix}{index + 1}")
    x = layers.LayerNormalization(name="last_norm")(x)
    return keras.Model(images, layers.Dense(classes, name="top")(layers.GlobalAveragePooling1D()(x)))


def bert_like(count):
    words = keras.Input((6,), dtype="int32")
    x = layers.LayerNormalization(name="word_norm")(layers.Embedding(9, 4, name="words")(words))
    for index in range(count):
        x = post_norm(layers.Dropout(0.1)(x), f"b{index + 1}")
    return keras.Model(words, layers.Dense(2, name="top")(x[:, 0]))


def isotropic(count):
    images = keras.Input((8, 8, 3))
    x = layers.BatchNormalization(name="patch_norm")(layers.Conv2D(4, 2, strides=2, name="patches")(images))
    for index in range(count):
        x = convmixer(x, f"b{index + 1}")
    return keras.Model(images, layers.Dense(2, name="top")(layers.GlobalAveragePooling2D()(x)))


def paths(model, **arguments):
    """The groups as the beginnings of the names of top-level layers, which say where a layer belongs."""
    return {
        group.name: {weight.path.split("/")[0].split("_")[0] for weight in group.weights}
        for group in layer_groups(model, **arguments)
    }


def each(count):
    return {f"block{index}": {f"b{index}"} for index in range(1, count + 1)}


@keras.saving.register_keras_serializable("blocks")
class Block(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.norm, self.low, self.high = layers.LayerNormalization(), layers.Dense(8), layers.Dense(4)

    def build(self, shape):
        self.gain = self.add_weight(shape=(), initializer="ones", name="gain")
        self.norm.build(shape)
        self.low.build(shape)
        self.high.build((*shape[:-1], 8))

    def call(self, x):
        return x + self.gain * self.high(self.low(self.norm(x)))


class Encoder(layers.Layer):
    """Everything inside one layer; `pooled` returns a vector."""

    def __init__(self, count, pooled=False, **kwargs):
        super().__init__(**kwargs)
        self.pooled, self.inside = pooled, [Block(name=f"b{index + 1}") for index in range(count)]
        self.embed, self.norm = layers.Dense(4, name="embed"), layers.LayerNormalization(name="norm")

    def build(self, shape):
        self.embed.build(shape)
        for one in (*self.inside, self.norm):
            one.build((*shape[:-1], 4))

    def call(self, x):
        x = self.embed(x)
        for block in self.inside:
            x = block(x)
        return self.norm(x)[:, 0] if self.pooled else self.norm(x)

    def compute_output_shape(self, shape):
        return (shape[0], 4) if self.pooled else (*shape[:-1], 4)


def check_all_once(model, groups):
    listed = [id(weight) for group in groups for weight in group.weights]
    assert sorted(listed) == sorted({id(weight) for weight in model.weights})
