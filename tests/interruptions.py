"""What stops a run: Ctrl-C in the middle of an epoch, and functions that fail."""

import keras


class Stop(keras.callbacks.Callback):
    """Interrupts in the middle of an epoch, as Ctrl-C would."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch, self.now = epoch, None

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.now == self.epoch and batch >= 1:
            raise KeyboardInterrupt


def raising(error):
    """A function that raises, whatever it is given."""

    def fail(*arguments):
        raise error

    return fail
