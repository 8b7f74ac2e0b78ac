"""Keys: which system on which data under which protocol with which seed."""

from collections.abc import Iterable
from typing import NamedTuple

from ..corpora import DATA, PROTOCOLS, protocol
from ..errors import SerlibError
from .table import SYSTEMS, get


class Key(NamedTuple):
    """What is fitted and scored: names of `SYSTEMS`, `DATA` and `PROTOCOLS`, and a seed."""

    system: str
    data: str
    protocol: str
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.system} {self.data} {self.protocol}"

    @property
    def row(self) -> tuple[str, str, str]:
        """The row of a table of results, in which seeds are taken together."""
        return self[:3]


def keys_of(
    systems: Iterable[str],
    corpora: Iterable[str],
    *,
    seed: int = 0,
    seeds: int = 3,
    first: bool = False,
) -> list[Key]:
    """Return what systems are scored on, each with several seeds.

    One does under some protocols, for an estimator, which draws nothing, and for what copies
    a source's validation and is compared with nothing.

    Parameters
    ----------
    systems : iterable of str
    corpora : iterable of str, what there is; data that needs another is left out
    seed : int, the first one
    seeds : int, how many are several
    first : bool, one seed of the first that is left, no more: what a bundle is made of
    """
    keys = []
    for system in map(get, systems):
        able = [(d, p) for d, p in system.scored if set(DATA[d].corpora) <= set(corpora)]
        for data, name in able[: 1 if first else None]:
            once = first or system.published or system.estimator or PROTOCOLS[name].one_seed
            keys += [Key(system.name, data, name, seed + k) for k in range(1 if once else seeds)]
    return keys


def keys_for(
    systems: str, protocols: str, corpora: Iterable[str], *, seed: int = 0, seeds: int = 3
) -> list[Key]:
    """Return the keys of systems and protocols that are named as "conv1d best", or "all".

    Raises
    ------
    SerlibError
        For a system or a protocol that does not exist, or a system that is not scored under it;
        the message lists those that are.
    """
    names = [*SYSTEMS] if systems == "all" else [get(name).name for name in systems.split() or [""]]
    named = [*PROTOCOLS] if protocols == "all" else [protocol(p).name for p in protocols.split()]
    scored = {name for system in names for _, name in get(system).scored}
    if not scored & set(named):
        raise SerlibError(f"{systems} is scored under {sorted(scored)}, not under {protocols}")
    keys = keys_of(names, corpora, seed=seed, seeds=seeds)
    return [key for key in keys if key.protocol in named]


def members_of(key: Key) -> list[Key]:
    """Return the keys of what a system averages; of one without members itself.

    A member that draws nothing at random is the same for all seeds: of two, it has two says.
    """
    parts = []
    for name, n in get(key.system).members:
        first = key.seed * n
        seeds = [0] * n if get(name).estimator else range(first, first + n)
        parts += [key._replace(system=name, seed=k) for k in seeds]
    return parts or [key]
