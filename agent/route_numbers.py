"""Which calculators a question wants that no protocol settles: those it names, else the one its words point to."""

from __future__ import annotations

MOST = 3
_NEAR = 0.5
"""A name that says less than this share of the best one's is a word of it, not a second calculator."""


def wanted(text: str) -> tuple[str, ...]:
    """Calculators to work out for a question: several where it names several ("BSA and ideal body weight").

    One of a family is taken, the one in force where the question does not decide; nothing where nothing points to one
    surely enough.
    """
    from tools.calculators.choice import choose
    from tools.calculators.choice.choose import names_in, related

    choice = choose(text, meaning=False)  # by words: comparing by meaning waits for the encoder
    named = names_in(text)
    if choice.calculator is None or not (named or choice.sure):
        return ()
    if not named:
        return (choice.calculator,)
    first = choice.calculator if choice.calculator in named else max(named, key=lambda name: named[name])
    others = [
        name
        for name in sorted(named, key=lambda name: -named[name])
        if name != first and named[name] >= _NEAR * named[first] and not related(name, first)
    ]
    return (first, *others)[:MOST]
