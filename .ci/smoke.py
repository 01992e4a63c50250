"""``python smoke.py URL``: asks the sample service in three languages, and checks every quote against its article.

In: the address of a service over ``evals/corpus/content``. Out: one line per question, exit code 0. Refuses, with a
message and exit code 1, an answer without a quote, or one that its article does not hold word for word.
"""

import hashlib
import json
import sys
from typing import Any
from urllib.request import Request, urlopen

QUESTIONS = {
    "en": "How many electric cars did the Zandhaven plant build in 2021?",
    "nl": "Hoeveel elektrische auto's bouwde de fabriek in Zandhaven in 2021?",
    "nb": "Hvor mange elbiler bygde fabrikken i Zandhaven i 2023?",
}
NOT_IN_THE_ARTICLES = "Who won the football World Cup in 2018?"


def main(url: str) -> None:
    for lang, question in QUESTIONS.items():
        answer = ask(url, question)
        expect(answer["status"] == "answered" and answer["citations"], f"no answer to {question!r}", answer)
        expect(answer["lang"] == lang, f"the answer to {question!r} is not in {lang}", answer)
        for citation in answer["citations"]:
            check_quote(url, answer, citation)
        print(f"{lang}: {question} {len(answer['citations'])} quotes, all word for word in their articles")
    refusal = ask(url, NOT_IN_THE_ARTICLES)
    expect(refusal["status"] == "not_found" and not refusal["citations"], "a question beyond the articles", refusal)


def check_quote(url: str, answer: dict[str, Any], citation: dict[str, Any]) -> None:
    source, shown = citation["source"], citation["answer"]
    text = fetch(f"{url}/v1/articles/{source['article_id']}")["text"]
    expect(text[source["start"] : source["end"]] == citation["quote"], "a quote is not its article's words", citation)
    expect(answer["text"][shown["start"] : shown["end"]] == citation["quote"], "a quote is not in the answer", citation)
    expect(hashlib.sha256(text.encode()).hexdigest() == source["content_sha256"], "another text was cited", citation)


def ask(url: str, question: str) -> Any:
    body = json.dumps({"question": question}).encode()
    return fetch(Request(f"{url}/v1/chat", data=body, headers={"Content-Type": "application/json"}))


def fetch(request: str | Request) -> Any:
    with urlopen(request, timeout=30) as response:
        return json.load(response)


def expect(holds: object, promise: str, seen: object) -> None:
    if not holds:
        sys.exit(f"{promise}:\n{json.dumps(seen, ensure_ascii=False, indent=1)}")


if __name__ == "__main__":
    main(sys.argv[1])
