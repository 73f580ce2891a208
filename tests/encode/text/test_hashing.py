import numpy as np

from palate.encode.content_encoder import text_matrix
from palate.encode.text.hashing import Hashing, HashingSettings

PLACES, SIGNS = [17, 26], [1.0, 1.0]


def vector(text, **settings):
    return text_matrix(Hashing(HashingSettings(**settings)), [text])[0][0]


def test_words_shared_are_similarity():
    a, b, c = (vector(t) for t in ("old red wine", "old red glass", "new blue lamp"))
    assert a @ b > 0.5
    assert abs(a @ c) < 0.3
    assert abs(np.linalg.norm(a) - 1) < 1e-6


def test_numbers_never_change_between_runs():
    # Worked out once: a change here means that cached rows of everybody are wrong.
    assert np.flatnonzero(vector("red wine", dims=64)).tolist() == PLACES
    assert np.sign(vector("red wine", dims=64)[PLACES]).tolist() == SIGNS


def test_settings_do_what_they_say():
    assert np.count_nonzero(vector("red old wine", word_runs=2)) == 5
    near, far = (
        vector("mascara", letters=3) @ vector("mascarra", letters=3),
        vector("mascara") @ vector("mascarra"),
    )
    assert near > 0.5 > abs(far)
    assert not vector("!").any()
