"""The Slack bot: what is Slack's is here, one file per job; the answers are the backend's.

In: Slack's events and actions, over HTTP (``rag/api/slack.py``) or Socket Mode (``socket_mode.py``). Out: messages.
The way of an event: ``app.py`` takes it, ``asked.py`` reads it, ``deliveries.py`` claims it, ``bot.py`` queues it,
``turn.py`` answers it, ``posting.py`` and ``streaming.py`` say it in the shape that ``rendering.py`` gives it.
"""
