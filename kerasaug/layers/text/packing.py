"""Tables of a vocabulary as text, so that a config of JSON holds them in little room."""

import base64
import binascii
import zlib

import numpy as np


def packed(table: np.ndarray) -> str:
    """A table as text: its dtype, its shape, and its bytes, compressed."""
    table = table.astype(table.dtype.newbyteorder("<"))
    text = base64.b64encode(zlib.compress(table.tobytes())).decode("ascii")
    return f"{table.dtype.name}:{'x'.join(map(str, table.shape))}:{text}"


def unpacked(text: str, name: str, layer: str) -> np.ndarray:
    """Such a table again.

    Args:
        text: What `packed` returned.
        name: Name of the argument, for the message.
        layer: Name of the layer, for the message.
    """
    try:
        dtype, shape, data = text.split(":")
        table = np.frombuffer(zlib.decompress(base64.b64decode(data)), np.dtype(dtype).newbyteorder("<"))
        return table.reshape([int(one) for one in shape.split("x")]).astype(dtype)
    except (ValueError, TypeError, zlib.error, binascii.Error) as error:
        raise ValueError(
            f"{layer} expects {name}, a table, or the text that a config holds. Received: {text!r:.80}."
        ) from error
