"""The little language of the indirect-object sample, its tokenizer, and its splits.

    When Mary and John went to the store, John gave a drink to -> Mary       (`BA`: the second name repeats)
    When Mary and John went to the store, Mary gave a drink to -> John       (`AB`: the first name repeats)
    When Mary and John went to the store, Paul gave a drink to -> Mary or John   (`ABC`: nobody repeats)

Training draws from the TRAINED names only; the HELD_OUT names it never meets in any sentence.
"""

import json
import random
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

HERE = Path(__file__).resolve().parent

NAMES = """
Aaron Adam Alan Albert Alex Alice Amanda Amy Andrew Angela Anna Anthony Arthur Barbara Ben Betty Beth Bill Bob Brenda
Brian Bruce Carl Carol Charles Chris Christine Claire Clara Craig Crystal Dan Daniel David Dean Deborah Dennis Diana
Donald Donna Dorothy Douglas Edith Edward Elena Eli Elizabeth Ellen Emily Emma Eric Erin Ethan Eva Evelyn Felix Fiona
Frances Frank Fred Gary George Gloria Grace Greg Hannah Harold Harry Heather Helen Henry Hugo Ian Irene Isaac Ivan
Jack Jacob James Jane Janet Jason Jean Jeff Jennifer Jerry Jesse Jessica Jill Jim Joan Joe John Jordan Joseph Joshua
Joyce Juan Judith Judy Julia Julie Justin Karen Kate Keith Kelly Kenneth Kevin Kim Kyle Larry Laura Lauren Lee Leo
Leon Linda Lisa Louis Lucas Lucy Luke Marc Maria Marie Mark Martha Martin Mary Matthew Max Megan Michael Michelle Mike
Mila Nancy Nathan Nicholas Nicole Nina Noah Nora Oliver Olivia Oscar Otto Pamela Patricia Patrick Paul Paula Peter
Philip Rachel Ralph Raymond Rebecca Richard Rita Robert Roger Ronald Rosa Rose Roy Russell Ruth Ryan Sam Samuel Sandra
Sara Scott Sean Sharon Simon Sofia Sophie Stephen Steve Stuart Susan Teresa Theo Thomas Tim Tina Tom Tony Vera Victor
Vincent Virginia Walter Wayne Wendy William Zoe
""".split()

PLACES = "store park school garden station office beach market museum library hospital restaurant house farm".split()
OBJECTS = "drink book ring ball letter key flower basketball computer bone snack kiss pen hat coat map".split()
VERBS = "gave handed passed offered brought".split()

TEMPLATES = [
    "When {a} and {b} went to the {place}, {s} {verb} a {object} to",
    "After {a} and {b} went to the {place}, {s} {verb} a {object} to",
    "Then, {a} and {b} were at the {place}. {s} {verb} a {object} to",
    "While {a} and {b} were working at the {place}, {s} {verb} a {object} to",
    "{a} and {b} met at the {place}. Later {s} {verb} a {object} to",
    "Friends {a} and {b} found a {object} at the {place}. {s} {verb} it to",
]

shuffled = random.Random(0).sample(NAMES, len(NAMES))
HELD_OUT, TRAINED = sorted(shuffled[:40]), sorted(shuffled[40:])


def sentence(chance: random.Random, kind: str, names: list[str]) -> dict:
    """One prompt: {text, kind, indirect, subject}. For `ABC` the subject is a third name and `indirect` one of two."""
    a, b, other = chance.sample(names, 3)
    subject, indirect = {"AB": (a, b), "BA": (b, a), "ABC": (other, chance.choice([a, b]))}[kind]
    text = chance.choice(TEMPLATES).format(
        a=a, b=b, s=subject, place=chance.choice(PLACES), verb=chance.choice(VERBS), object=chance.choice(OBJECTS)
    )
    return {"text": text, "kind": kind, "indirect": indirect, "subject": subject}


def training(chance: random.Random) -> dict:
    """`AB`, `BA` and `ABC` in equal shares, with trained names."""
    return sentence(chance, chance.choice(["AB", "BA", "ABC"]), TRAINED)


def tokenizer() -> Tokenizer:
    """Whole words and punctuation marks, [BOS] first. A WordPiece model whose pieces are whole words."""
    splitter = pre_tokenizers.BertPreTokenizer()
    frames = [template.format(a="", b="", s="", place="", verb="", object="") for template in TEMPLATES]
    words = sorted({word for text in frames + PLACES + OBJECTS + VERBS for word, _ in splitter.pre_tokenize_str(text)})
    vocabulary = {word: index for index, word in enumerate(["[PAD]", "[UNK]", "[BOS]", *words, *NAMES])}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = splitter
    made.decoder = decoders.WordPiece()
    made.add_special_tokens(["[PAD]", "[UNK]", "[BOS]"])
    made.post_processor = processors.TemplateProcessing(
        single="[BOS] $A", special_tokens=[("[BOS]", vocabulary["[BOS]"])]
    )
    return made


def lines(items: list[dict]) -> str:
    return "".join(json.dumps(item) + "\n" for item in items)


def main() -> None:
    spoken = tokenizer()
    spoken.save(str(HERE / "tokenizer.json"))
    chance = random.Random(1)
    held_out = [sentence(chance, kind, HELD_OUT) for _ in range(500) for kind in ("AB", "BA")]
    trained = [sentence(chance, kind, TRAINED) for _ in range(250) for kind in ("AB", "BA")]
    nobody = [sentence(chance, "ABC", HELD_OUT) for _ in range(500)]
    (HERE / "evaluation.jsonl").write_text(
        lines([{**item, "split": "heldOut"} for item in held_out])
        + lines([{**item, "split": "trained"} for item in trained])
        + lines([{**item, "split": "abc"} for item in nobody])
    )
    (HERE / "names.json").write_text(json.dumps({"trained": TRAINED, "heldOut": HELD_OUT}, indent=2) + "\n")
    (HERE / "prompts.jsonl").write_text(
        lines([{**item, "ids": spoken.encode(item["text"]).ids} for item in held_out[:6] + nobody[:2]])
    )
    print(len(TRAINED), "trained names,", len(HELD_OUT), "held out,", spoken.get_vocab_size(), "tokens")


if __name__ == "__main__":
    main()
