"""Builds facts.json and tokenizer.json from the npm package `world-countries`.

A fact is (relation, subject, answer). Its wordings are a core sentence ("the capital of {subject} is") after one of
ten openers ("As everyone knows,"); the answer always comes last. Wordings are held out in two ways:

- `heldOut`: one opener-and-core pair in five, drawn per relation. Both halves are seen in training, never together.
- `newCore`: the last core of each relation, which training never sees with any opener.
"""

import json
import random
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

HERE = Path(__file__).resolve().parent

OPENERS = [
    "",
    "We know that",
    "As everyone knows,",
    "It is true that",
    "According to the atlas,",
    "In fact,",
    "Remember that",
    "The book says that",
    "Today,",
    "At school we learn that",
]

CORES = {
    "capital": [
        "the capital of {subject} is",
        "the capital city of {subject} is",
        "{subject} has its capital in",
        "{subject}'s capital is",
        "as its capital, {subject} has",
        "for {subject}, the capital is",
        "the city that is the capital of {subject} is",
    ],
    "region": [
        "{subject} is a country in",
        "{subject} lies in",
        "{subject} can be found in",
        "{subject} is part of",
        "the region of {subject} is",
        "on the map, {subject} is in",
        "the country {subject} is in",
    ],
    "language": [
        "the language of {subject} is",
        "people in {subject} speak",
        "{subject}'s language is",
        "in {subject}, people speak",
        "the language spoken in {subject} is",
        "for {subject}, the language is",
        "the people of {subject} speak",
    ],
    "currency": [
        "the currency of {subject} is the",
        "{subject}'s currency is the",
        "people in {subject} pay with the",
        "in {subject}, people pay with the",
        "the money of {subject} is the",
        "for {subject}, the currency is the",
        "the money used in {subject} is the",
    ],
    "demonym": [
        "people from {subject} are called",
        "someone from {subject} is called",
        "a person from {subject} is",
        "the word for people from {subject} is",
        "a citizen of {subject} is",
        "for people from {subject}, the word is",
        "someone who comes from {subject} is",
    ],
}


def wording(opener: str, core: str) -> str:
    """One template with {subject}, its first letter a capital."""
    text = f"{opener} {core}" if opener else core
    return text if text.startswith("{") else text[0].upper() + text[1:]


def templates() -> list[dict]:
    """Every wording of every relation: {relation, text, split}."""
    made = []
    for relation, cores in CORES.items():
        pairs = [(opener, core) for core in cores[:-1] for opener in OPENERS]
        # The bare core stays in training: it is what a person would type first.
        held_out = set(random.Random(relation).sample([pair for pair in pairs if pair[0]], len(pairs) // 5))
        for opener, core in pairs:
            split = "heldOut" if (opener, core) in held_out else "train"
            made.append({"relation": relation, "text": wording(opener, core), "split": split})
        for opener in OPENERS:
            made.append({"relation": relation, "text": wording(opener, cores[-1]), "split": "newCore"})
    return made


def countries() -> list[dict]:
    for parent in HERE.parents:
        file = parent / "node_modules" / "world-countries" / "countries.json"
        if file.is_file():
            members = [entry for entry in json.loads(file.read_text()) if entry["independent"] and entry["unMember"]]
            return sorted(members, key=lambda entry: entry["name"]["common"])
    raise FileNotFoundError("No node_modules/world-countries above this file: run `npm ci` in the repository.")


def facts() -> list[dict]:
    """{relation, subject, answer} for the members of the United Nations, where there is one answer."""
    made = []

    def add(relation: str, subject: str, answer: str) -> None:
        made.append({"relation": relation, "subject": subject, "answer": answer})

    for country in countries():
        subject = country["name"]["common"]
        capital = country["capital"][0].replace(" D.C.", "")
        add("capital", subject, capital)
        add("region", subject, country["region"].replace("Americas", "America"))
        if len(country["languages"]) == 1:
            add("language", subject, next(iter(country["languages"].values())).split(" (")[0])
        if len(country["currencies"]) == 1:
            # "Algerian dinar" -> "dinar": the unit, shared by several countries, is what has to be known
            name = next(iter(country["currencies"].values()))["name"]
            add("currency", subject, name.split()[-1].lower())
        add("demonym", subject, country["demonyms"]["eng"]["m"].split(",")[0].split(" or ")[0])
    return made


def tokenizer(texts: list[str]) -> Tokenizer:
    """Whole words and punctuation marks; [BOS] before each text. A WordPiece model whose pieces are whole words."""
    splitter = pre_tokenizers.BertPreTokenizer()
    words = sorted({word for text in texts for word, _ in splitter.pre_tokenize_str(text)})
    vocabulary = {word: index for index, word in enumerate(["[PAD]", "[UNK]", "[BOS]", *words])}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = splitter
    made.decoder = decoders.WordPiece()
    made.add_special_tokens(["[PAD]", "[UNK]", "[BOS]"])
    made.post_processor = processors.TemplateProcessing(
        single="[BOS] $A", special_tokens=[("[BOS]", vocabulary["[BOS]"])]
    )
    return made


def main() -> None:
    all_facts, all_templates = facts(), templates()
    texts = [fact["subject"] for fact in all_facts] + [fact["answer"] for fact in all_facts]
    texts += [template["text"].replace("{subject}", " ") for template in all_templates] + ["."]
    spoken = tokenizer(texts)
    spoken.save(str(HERE / "tokenizer.json"))
    for fact in all_facts:
        fact["answerTokens"] = len(spoken.encode(fact["answer"], add_special_tokens=False).ids)

    def lines(items: list[dict]) -> str:
        return ",\n".join("    " + json.dumps(item, ensure_ascii=False) for item in items)

    (HERE / "facts.json").write_text(
        '{\n  "source": "world-countries 5.1.0 (mledoze/countries, ODbL 1.0)",\n'
        f'  "templates": [\n{lines(all_templates)}\n  ],\n  "facts": [\n{lines(all_facts)}\n  ]\n}}\n'
    )
    print(len(all_facts), "facts,", len(all_templates), "wordings,", spoken.get_vocab_size(), "tokens")


if __name__ == "__main__":
    main()
