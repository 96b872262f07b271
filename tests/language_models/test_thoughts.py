import pytest

from diffex_cli.language_models.thoughts import Heard, hear, opens_thought

PAIRS = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<Thought>", "</Thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<seed:think>", "</seed:think>"),
    ("<longcat_think>", "</longcat_think>"),
    ("<|thinking|>", "<|/thinking|>"),
    ("<|thinking|>", "</|thinking|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<unused94>thought", "<unused95>"),
    ("<|channel>thought\n", "<channel|>"),
]


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
def test_marks(opening: str, closing: str) -> None:
    heard = hear(f"{opening}Hm, [x] or {{y}}?{closing}The answer.")
    assert heard.said == "The answer."
    assert heard.thought.endswith("Hm, [x] or {y}?")
    # The template may have opened the thoughts; the server may have eaten the opening.
    assert hear(f"Hm.{closing}The answer.") == Heard("Hm.", "The answer.")
    assert hear(f"Hm.{closing}The answer.{opening}Or") == Heard("Hm.", "The answer.")
    assert hear(f"So:{opening}Hm, or is") == Heard("", "So:")
    assert hear(f"{opening}Hm.\n<answer>It is.").said == "It is."
    assert opens_thought(f"<|im_start|>assistant\n{opening}\n")
    assert not opens_thought(f"{opening}Hm.{closing}\n\n")


HARMONY = "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HARMONY}<|channel|>final<|message|>It is.<|return|>", "It is."),
        (f"{HARMONY}<|channel|>final <|constrain|>json<|message|>It is.", "It is."),
        (f"{HARMONY}<|channel|>final It is.<|end|>", " It is."),
        (f"{HARMONY}<|channel|>commentary to=functions.f <|constrain|>json<|message|>It is.<|call|>", "It is."),
        (HARMONY, ""),
        ("<|channel|>analysis<|message|>Hm, is", ""),
        ("analysisHm.assistantfinalIt is.", "It is."),
    ],
)
def test_harmony(text: str, said: str) -> None:
    assert hear(text).said == said


@pytest.mark.parametrize("text", ["", "It is.", "[thinking] in <brackets>, <thought", "I think> so", "assistantfinal"])
def test_words_are_no_marks(text: str) -> None:
    assert hear(text) == Heard("", text)
