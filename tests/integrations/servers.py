"""A mail server and a chat, real ones on loopback: they speak SMTP and HTTP, and keep what they were sent."""

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class MailServer(socketserver.ThreadingTCPServer):
    """Takes every letter, but those to an address in `refused`, which get that answer."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MailConversation)
        self.letters: list[EmailMessage] = []
        self.refused: dict[str, str] = {}
        self.conversations = 0
        self.pause = 0.0

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class MailConversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.conversations += 1
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() in ("EHLO", "HELO"):
                self.say("250-here\r\n250 8BITMIME")
            elif verb.upper() == "RCPT":
                address = rest.partition("<")[2].partition(">")[0]
                self.say(self.server.refused.get(address, "250 fine"))
            elif verb.upper() == "DATA":
                self.say("354 go on")
                self.server.letters.append(
                    message_from_bytes(self.letter(), _class=EmailMessage, policy=policy.default)
                )
                time.sleep(self.server.pause)
                self.say("250 taken")
            elif verb.upper() == "QUIT":
                return self.say("221 bye")
            else:
                self.say("250 fine")
        return None

    def letter(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Chat(ThreadingHTTPServer):
    """Answers each message with `status` and `answer`, after `pause` seconds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ChatConversation)
        self.messages: list[Any] = []
        self.paths: list[str] = []
        self.status, self.answer, self.pause = 200, "ok", 0.0
        self.headers: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook/secret"


class ChatConversation(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append(json.loads(body))
        self.server.paths.append(self.path)
        time.sleep(self.server.pause)
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # Whoever asked may have hung up.
            self.wfile.write(self.server.answer.encode())

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def running(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
