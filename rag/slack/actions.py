"""What people do with an answer: rate it, read the passage, call a human, have the conversation forgotten.

In: the body of an action, a dialogue or a shortcut, once it is acknowledged. Out: nothing, or a dialogue. Refuses
nothing: an answer that is no longer stored cannot be rated, and that is no error.
"""

from collections.abc import Sequence
from contextlib import suppress

from index.languages import detect_question
from rag.errors import InputError, NotFoundError
from rag.feedback_records import FeedbackRequest
from rag.framing import about_text
from rag.slack.asked import COMMAND, Body
from rag.slack.calls import SlackRefusedError, SlackSilentError
from rag.slack.identity import Me
from rag.slack.passages import passage_view, read_place, reason_view
from rag.slack.rendering import said
from rag.slack.turn import Parts
from rag.slack.words import FALLBACK, words
from rag.validate import check_feedback

NEWEST = 3
"""Articles that a new thread in the assistant's pane is offered questions about."""
_LABEL = 75


async def rate(parts: Parts, body: Body) -> None:
    """Thumbs; down opens the dialogue that asks why."""
    rating, message_id, lang = body["actions"][0]["value"].split(" ", 2)
    if rating == "down":  # First, since a dialogue can be opened for three seconds only.
        await _open(parts, body, reason_view(message_id, lang))
    with suppress(NotFoundError):
        await parts.backend.give_feedback(message_id, FeedbackRequest(rating="up" if rating == "up" else "down"))


async def give_reason(parts: Parts, body: Body) -> None:
    """What the dialogue came back with."""
    values = body["view"]["state"]["values"]
    request = FeedbackRequest(
        rating="down",
        reason=values["reason"]["reason"]["selected_option"]["value"],
        comment=values["comment"]["comment"].get("value") or "",
    )
    with suppress(NotFoundError, InputError):
        await parts.backend.give_feedback(body["view"]["private_metadata"], check_feedback(request))


async def show_passage(parts: Parts, body: Body, lang: str) -> None:
    place = read_place(body["actions"][0]["selected_option"]["value"])
    article = None
    with suppress(NotFoundError):
        article = await parts.backend.article(place.article_id)
    await _open(parts, body, passage_view(article, place, lang))


async def forget_thread(parts: Parts, body: Body, me: Me) -> None:
    """The shortcut on a message: what is stored of its thread."""
    team, channel, message = me.team_id, body["channel"]["id"], body["message"]
    thread, user = message.get("thread_ts"), body["user"]["id"]
    owners = [(team, channel, thread or message["ts"]), (team, channel, thread or "", user)]
    lang = parts.config.channel_langs.get(channel) or detect_question(message.get("text", ""), (FALLBACK,))
    await _forget(parts, owners, body["response_url"], lang)


async def forget_own(parts: Parts, command: Body, me: Me) -> None:
    """``/kilde forget``: what its user has asked by command in this channel, or directly."""
    team, channel, user = me.team_id, command["channel_id"], command["user_id"]
    owners = [(team, channel, COMMAND, user), (team, channel, "", user)]
    await _forget(parts, owners, command["response_url"], parts.config.channel_langs.get(channel))


async def offer_questions(parts: Parts, body: Body) -> None:
    """A new thread in the assistant's pane: questions about the newest articles, all in one language."""
    thread = body["event"]["assistant_thread"]
    articles = [one for one in await parts.backend.articles() if one.title and len(one.title) <= _LABEL]
    newest = sorted(articles, key=lambda one: one.published or "", reverse=True)
    if not newest:
        return
    lang = parts.config.channel_langs.get(thread["channel_id"], newest[0].lang)
    newest = [one for one in newest if one.lang == lang][:NEWEST] or newest[:1]
    texts = [about_text(one.title, one.lang) for one in newest]
    with suppress(SlackRefusedError, SlackSilentError):
        await parts.calls.call_at_once(
            "assistant.threads.setSuggestedPrompts",
            channel_id=thread["channel_id"],
            thread_ts=thread["thread_ts"],
            title=words(lang).ask,
            prompts=[{"title": text, "message": text} for text in texts],
        )


async def _forget(parts: Parts, owners: Sequence[tuple[str, ...]], response_url: str, lang: str | None) -> None:
    forgotten: set[str] = set()
    for owner in owners:
        forgotten.update(await parts.sql(parts.deliveries.forget, owner), await parts.sql(parts.threads.forget, owner))
    for conversation_id in forgotten:
        with suppress(NotFoundError):
            await parts.backend.delete_conversation(conversation_id)
    own = words(lang)
    await parts.calls.respond(response_url, text=said(own.forgotten if forgotten else own.nothing_stored).text)


async def _open(parts: Parts, body: Body, view: dict[str, object]) -> None:
    with suppress(SlackRefusedError, SlackSilentError):  # It can be opened for three seconds after the action.
        await parts.calls.call_at_once("views.open", trigger_id=body["trigger_id"], view=view)
