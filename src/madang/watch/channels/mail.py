"""E-mail by SMTP: the same judgement of addresses as for webhooks, TLS before any password."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate
from typing import Final

from madang.config.sections.alerts import Channel, Mail
from madang.watch.channels.address import CONNECT_S, Undeliverable, dial
from madang.watch.channels.message import Message

_TITLE_CHARS: Final = 200


def send(
    channel: Channel, message: Message, now_s: float, secure: Callable[[], ssl.SSLContext]
) -> None:
    """Hand a message to the server of a channel. Raises Undeliverable; what a server refuses for good is final."""
    mail = channel.email
    if mail is None:
        raise Undeliverable("the channel has no e-mail", final=True)
    try:
        with _connected(mail, channel, secure) as server:
            if mail.security == "starttls":
                server.starttls(context=secure())
            if mail.user is not None and mail.password is not None:
                server.login(mail.user, mail.password)
            server.send_message(_composed(mail, message, now_s), mail.sender, list(mail.to))
    except smtplib.SMTPResponseException as error:
        final = 500 <= error.smtp_code < 600
        raise Undeliverable(f"{mail.host} answered {error.smtp_code}", final=final) from error
    except smtplib.SMTPRecipientsRefused as error:
        raise Undeliverable(f"{mail.host} refused every recipient", final=True) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Undeliverable(f"{mail.host} failed: {type(error).__name__}") from error


def _connected(mail: Mail, channel: Channel, secure: Callable[[], ssl.SSLContext]) -> smtplib.SMTP:
    def judged(host: str, port: int, timeout_s: float) -> socket.socket:
        raw = dial(host, port, timeout_s, allow_private=channel.allow_private)
        if mail.security != "tls":
            return raw
        return secure().wrap_socket(raw, server_hostname=host)

    class Judged(smtplib.SMTP):
        """Opens its connection to an address that was judged: smtplib has this place for that."""

        def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
            return judged(host, port, timeout)

    return Judged(mail.host, mail.port, timeout=CONNECT_S)


def _composed(mail: Mail, message: Message, now_s: float) -> EmailMessage:
    composed = EmailMessage()
    composed["Subject"] = " ".join(message.title.split())[:_TITLE_CHARS]
    composed["From"] = mail.sender
    composed["To"] = ", ".join(mail.to)
    composed["Date"] = formatdate(now_s)
    composed["Message-ID"] = f"<{message.id}@{mail.sender.rpartition('@')[2]}>"
    composed.set_content(f"{message.title}\n\n{message.text}\n")
    if message.html is not None:
        composed.add_alternative(message.html, subtype="html")
    return composed
