"""The outline of a summary: its sections in order, and which of them hold rules."""

from dataclasses import dataclass

# Marks a section that holds rules, in the operator's list.
RULES_MARK = "*"
_MOST_SECTIONS = 16
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Outline:
    """The sections of a summary by name. What stands in those of `rules` binds whoever reads it."""

    sections: tuple[str, ...]
    rules: tuple[str, ...]


SECTIONS = ("Goal", "Constraints", "Decisions", "Done", "In progress", "Next steps", "Critical context")
OUTLINE = Outline(SECTIONS, rules=("Constraints",))


def read_outline(names: list[str]) -> Outline:
    """Return the outline of these sections; those that hold rules end with `*`. Raises ValueError.

    Where none is marked, a section named as our own one of rules is taken to hold them.
    """
    sections = tuple(name.removesuffix(RULES_MARK).strip() for name in names)
    marked = tuple(
        section for section, name in zip(sections, names, strict=True) if name.endswith(RULES_MARK)
    )
    _check_names(sections)
    rules = marked or tuple(section for section in sections if section in OUTLINE.rules)
    if not rules:
        raise ValueError(f"mark the section that holds rules with {RULES_MARK}, as in Rules{RULES_MARK}")
    return Outline(sections, rules)


def _check_names(sections: tuple[str, ...]) -> None:
    if not 1 <= len(sections) <= _MOST_SECTIONS:
        raise ValueError(f"there must be 1 to {_MOST_SECTIONS} sections")
    for section in sections:
        if not section or len(section) > _LONGEST_NAME or section.startswith("#") or section.endswith(":"):
            raise ValueError(
                f"a section is named with 1 to {_LONGEST_NAME} characters, without # before or : after"
            )
    if len({section.lower() for section in sections}) < len(sections):
        raise ValueError("two sections have one name")
