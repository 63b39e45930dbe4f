"""Words of English that carry grammar rather than meaning, which dictionaries give odd synonyms."""

ENGLISH = frozenset(
    """
    a about above after again against all along also am among an and another any are around as at away back be because
    been before being below between both but by can could did do does doing down during each either else every few for
    from further had has have having he her here hers herself him himself his how i if in into is it its itself just
    like many may me might mine more most much must my myself neither no nor not now of off on once one only or other
    our ours ourselves out over own per same shall she should since so some such than that the their theirs them
    themselves then there these they this those through to together too toward towards two under until up upon us very
    was we well were what when where whether which while who whom whose why will with within without would yet you your
    yours yourself yourselves
    ain't aren't can't couldn't didn't doesn't don't hadn't hasn't haven't isn't it's mightn't mustn't needn't shan't
    shouldn't wasn't weren't won't wouldn't
    """.split()
)
