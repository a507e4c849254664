"""Python's http.client against the routes of service.rs. Says "done" at the end, or fails."""

import http.client
import sys

PORT = int(sys.argv[1])


def connect():
    return http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)


def pattern(length):
    return bytes((at * 31 + at // 251) & 0xFF for at in range(length))


def exchange(client, method, path, body=None, headers={}, **more):
    client.request(method, path, body=body, headers=headers, **more)
    response = client.getresponse()
    return response, response.read()


def equal(found, expected):
    assert found == expected, f"{found!r:.300} instead of {expected!r:.300}"


def keep_alive():
    client = connect()
    client.connect()
    socket = client.sock
    for _ in range(20):
        response, content = exchange(client, "GET", "/")
        equal((response.status, response.version, content), (200, 11, b"Hello, World!"))
        response, content = exchange(client, "HEAD", "/")
        equal((response.status, response.getheader("content-length"), content), (200, "13", b""))
        response, content = exchange(client, "GET", "/empty")
        equal((response.status, content), (204, b""))
        response, content = exchange(client, "GET", "/nowhere")
        equal((response.status, content), (404, b"nothing here"))
    assert client.sock is socket, "the connection was not kept"


def methods():
    client = connect()
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "M-SEARCH"]:
        response, content = exchange(client, method, "/method")
        equal((response.status, content), (200, method.encode()))


def bodies():
    client = connect()
    sent = pattern(1_000_000)
    response, content = exchange(client, "POST", "/echo", sent)
    equal(content, sent)
    # An iterable goes out in chunks.
    pieces = [sent[at : at + 9999] for at in range(0, len(sent), 9999)]
    response, content = exchange(client, "POST", "/echo", iter(pieces), encode_chunked=True)
    equal((response.getheader("transfer-encoding"), content), ("chunked", sent))
    response, content = exchange(client, "POST", "/count", iter(pieces), encode_chunked=True)
    equal(content, b"1000000 true none")
    response, content = exchange(client, "GET", "/sized/300000")
    equal((response.getheader("content-length"), content), ("300000", sent[:300_000]))
    response, content = exchange(client, "GET", "/trailers")
    equal(content, b"onetwo")


def interim():
    client = connect()
    # http.client passes over 100 alone: the body must not have been needed for it.
    client.putrequest("PUT", "/count")
    client.putheader("Expect", "100-continue")
    client.putheader("Content-Length", "5")
    client.endheaders()
    line = client.sock.recv(25, 0x100)  # MSG_WAITALL
    equal(line, b"HTTP/1.1 100 Continue\r\n\r\n")
    client.send(pattern(5))
    equal(client.getresponse().read(), b"5 true none")


def early_answer():
    client = connect()
    client.putrequest("POST", "/refuse")
    client.putheader("Content-Length", str(1 << 30))
    client.endheaders()
    client.send(pattern(1000))
    response = client.getresponse()
    equal((response.status, response.read()), (413, b"refused"))
    client.close()


def old_version():
    client = connect()
    client._http_vsn, client._http_vsn_str = 10, "HTTP/1.0"
    response, content = exchange(client, "GET", "/chunked/100000")
    equal((response.getheader("transfer-encoding"), content), (None, pattern(100_000)))
    assert response.getheader("connection") == "close"


def cut_off():
    client = connect()
    client.request("GET", "/cut")
    try:
        content = client.getresponse().read()
    except (http.client.IncompleteRead, ConnectionResetError):
        return
    raise AssertionError(f"{content!r} was taken for whole")


for test in [keep_alive, methods, bodies, interim, early_answer, old_version, cut_off]:
    test()
print("done")
