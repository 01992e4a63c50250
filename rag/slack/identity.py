"""Who the bot is in its workspace; what ``auth.test`` says."""

import msgspec


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """``team_id`` is the bot's own team: in channels that two companies share, writers may be of another."""

    user_id: str
    bot_id: str = ""
    team_id: str = ""
    team: str = ""
    user: str = ""
