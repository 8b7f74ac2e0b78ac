"""What a bundle's pickle names, without running it."""

from joblib.numpy_pickle import NumpyUnpickler


class Names(NumpyUnpickler):
    """Unpickle, noting every name; of serlib's nothing is run."""

    def __init__(self, path, file):
        super().__init__(str(path), file, ensure_native_byte_order=False)
        self.named, self.parts = set(), []

    def find_class(self, module, name):
        self.named.add(f"{module}.{name}")
        if module.split(".")[0] != "serlib":
            return super().find_class(module, name)
        return lambda *arguments: self.parts.append(arguments)


def names_in(path):
    """Return the names that a pickle looks up in packages, and what it asks serlib to restore."""
    with path.open("rb") as file:
        reader = Names(path, file)
        reader.load()
    return reader.named, [name for name, _ in reader.parts]
