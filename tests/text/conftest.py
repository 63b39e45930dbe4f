from uncompiled import uncompiled  # noqa: F401
