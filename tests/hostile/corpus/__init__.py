"""The corpus of hostile inputs: bytes as an attacker, a broken program or a tired person would make them.

Each is named, has the one error that its reader must answer with, and the words of that error's sentence. They are
built from good ones by small functions, so that what is wrong with each can be read.
"""

from tests.hostile.corpus import (
    archives,
    calls,
    configuration,
    events,
    foreign,
    keys,
    kubeconfigs,
    records,
    signed,
    webhooks,
)
from tests.hostile.corpus.case import Hostile

ALL: tuple[Hostile, ...] = (
    *events.INPUTS,
    *calls.INPUTS,
    *webhooks.INPUTS,
    *configuration.INPUTS,
    *keys.INPUTS,
    *signed.INPUTS,
    *records.INPUTS,
    *archives.INPUTS,
    *foreign.INPUTS,
    *kubeconfigs.INPUTS,
)
