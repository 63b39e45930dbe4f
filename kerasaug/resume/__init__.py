"""What exact resume needs: the whole state of a training as plain data, and files that are whole or not there."""
