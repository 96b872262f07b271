import numpy as np
import pytest

from diffex_cli.core.errors import UsageError
from diffex_cli.python.backends import as_verifier
from diffex_cli.verifiers.backends.python import FunctionVerifier


def eyes(pictures, words):
    return np.ones((len(pictures), len(words)))


def test_a_spec_an_object_or_a_function():
    assert as_verifier(None) is None
    assert as_verifier("birds:probe").opened is None
    made = as_verifier(eyes)
    assert made.spec == f"object:{__name__}.eyes"
    assert isinstance(made.opened, FunctionVerifier)
    own = FunctionVerifier(eyes)
    assert as_verifier(own).opened is own


@pytest.mark.parametrize("given", [7, FunctionVerifier, object()])
def test_anything_else_is_told(given):
    with pytest.raises(UsageError, match=r"verifier is .*: give a spec, an object with fingerprint, costs"):
        as_verifier(given)
