"""Other names for classes and namespaces, one at a time."""

from collections.abc import Mapping


class Renames:
    """Old names to new ones. A name that is in neither place stays.

    With a way back, a name that something else is renamed to must not be there already: on the way back nobody could
    tell which one it was, and a claim, say, would come home with another class.
    """

    def __init__(self, names: Mapping[str, str], *, has_way_back: bool) -> None:
        self.names = names
        self._taken = {new: old for old, new in names.items() if new not in names} if has_way_back else {}

    def __call__(self, name: str) -> str:
        """The new name.

        Raises:
            ValueError: the name is one that another is renamed to.
        """
        if name in self._taken:
            raise ValueError(
                f"it is {name} already, which {self._taken[name]} becomes, and on the way back the two could not be "
                "told apart"
            )
        return self.names.get(name, name)
