"""Python's http.server before our client. Says its port, and ends with its standard input. The argument is the version of
HTTP that it speaks."""

import http.server
import socket
import struct
import sys
import threading


def pattern(length):
    return bytes((at * 31 + at // 251) & 0xFF for at in range(length))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = sys.argv[1]

    def log_message(self, *_):
        pass

    def answer(self, status, content=b"", length=None, fields=()):
        self.send_response(status)
        for field in fields:
            self.send_header(*field)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_GET(self):
        route, _, argument = self.path[1:].partition("/")
        match route:
            case "":
                self.answer(200, b"Hello, World!", 13)
            case "empty":
                self.answer(204)
            case "unchanged":
                self.answer(304, fields=[("ETag", '"1"')])
            case "sized":
                self.answer(200, pattern(int(argument)), int(argument))
            case "until-close":
                self.close_connection = True
                self.answer(200, pattern(int(argument)))
            case "folded":
                self.send_response(200)
                # As it comes from servers that wrap long lines.
                self.send_header("X-Long", "one\r\n two")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")
            case "short":
                self.close_connection = True
                self.answer(200, b"half", 8)
            case "reset":
                self.close_connection = True
                self.answer(200, b"half")
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            case _:
                self.send_error(404)

    do_HEAD = do_GET

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        told = f"{len(content)} {content == pattern(len(content))}".encode()
        self.answer(200, told, len(told))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
