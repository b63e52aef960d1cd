"""A websocket on which the hub's pages try whether the browser and its network let any through: notebooks need them."""

from tornado.websocket import WebSocketHandler

PATH = "/websocket-check"
MESSAGE = "works"


class WebsocketCheck(WebSocketHandler):
    """Says one word to everybody and ends the connection; it knows no user and reads nothing."""

    async def open(self):
        await self.write_message(MESSAGE)
        self.close()
