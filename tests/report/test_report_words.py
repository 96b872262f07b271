from diffex_cli.report.words import Segment, listed, plain, words


def test_plain_words_side_by_side_become_one_segment() -> None:
    name = Segment("crest", "head/crest")
    assert words("a ", "b ", name, words("c"), "", "d") == (Segment("a b "), name, Segment("cd"))
    assert words(name, name) == (name, name)
    assert plain(words("a ", name)) == "a crest"


def test_a_list_has_its_separator_between() -> None:
    assert plain(listed([words("a"), words("b"), words("c")])) == "a, b, c"
    assert listed([]) == ()
