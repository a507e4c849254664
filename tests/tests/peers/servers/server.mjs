// Node's http before our client: a route for each thing that two implementations must agree on. Says its port, and ends
// with its standard input. An argument is how many milliseconds it keeps an idle connection.

import http from "node:http";
import net from "node:net";

process.stdin.on("end", () => process.exit()).resume();

const octet = (at) => (at * 31 + Math.floor(at / 251)) & 255;
const pattern = (from, to) => Buffer.from(Uint8Array.from({ length: to - from }, (_, at) => octet(from + at)));
const PIECE = 65536;

async function whole(request) {
    let [length, right] = [0, true];
    for await (const piece of request) {
        for (const found of piece) right = right && found === octet(length++);
    }
    return `${length} ${right} ${request.trailers.checksum ?? "none"}`;
}

function send(response, length) {
    let at = 0;
    const more = () => {
        while (at < length) {
            const from = at;
            at = Math.min(length, at + PIECE);
            if (!response.write(pattern(from, at))) return response.once("drain", more);
        }
        response.end();
    };
    more();
}

// One and the same piece over and over: making the pattern would take longer than sending it.
function flood(response, pieces) {
    const piece = Buffer.alloc(PIECE, "x");
    const more = () => {
        while (pieces-- > 0) if (!response.write(piece)) return response.once("drain", more);
        response.end();
    };
    more();
}

async function swallow(request) {
    let length = 0;
    for await (const piece of request) length += piece.length;
    return `${length}`;
}

const routes = {
    "": (_, response) => response.end("Hello, World!"),
    method: (request, response) => response.end(request.method),
    target: (request, response) => response.end(request.url),
    fields: (request, response) => response.end(JSON.stringify(request.rawHeaders)),
    connection: (request, response) => response.end(`${request.socket.number} ${++request.socket.requests}`),
    count: async (request, response) => response.end(await whole(request)),
    swallow: async (request, response) => response.end(await swallow(request)),
    echo: (request, response) => request.pipe(response),
    sized: (_, response, length) => {
        response.setHeader("Content-Length", length);
        send(response, Number(length));
    },
    chunked: (_, response, length) => send(response, Number(length)),
    flood: (_, response, pieces) => flood(response, Number(pieces)),
    empty: (_, response) => response.writeHead(204).end(),
    unchanged: (_, response) => response.writeHead(304, { ETag: "\"1\"" }).end(),
    phrase: (_, response) => response.writeHead(299, "Never \xe9 Seen", { "X-Case": "a", "Set-Cookie": ["b", "c"] }).end(),
    bye: (_, response) => response.setHeader("Connection", "close").end("bye"),
    refuse: (_, response) => response.writeHead(413, { Connection: "close" }).end("refused"),
    hints: (_, response) => {
        response.writeEarlyHints({ link: "</a.css>; rel=preload" });
        response.writeProcessing();
        response.writeEarlyHints({ link: "</b.css>; rel=preload" }, () => response.end("page"));
    },
    trailers: (_, response) => {
        response.writeHead(200, { Trailer: "Checksum" });
        response.write("one");
        response.addTrailers({ Checksum: "12" });
        response.end("two");
    },
    later: (request, response, time) => setTimeout(() => response.end(request.url), Number(time.split("/")[0])),
    cut: (request, response, how) => {
        const cut = () => request.socket.destroy();
        switch (how) {
        case "nothing": return cut();
        case "head": return request.socket.write("HTTP/1.1 200 OK\r\nContent-Le", cut);
        case "sized": response.setHeader("Content-Length", 8);
        }
        response.write("half", () => (how === "reset" ? request.socket.resetAndDestroy() : response.destroy()));
    },
};

const server = http.createServer((request, response) => {
    const [, route, argument] = /^\/([^/?]*)\/?(.*)$/.exec(request.url) ?? [];
    const answer = routes[route];
    if (answer) return answer(request, response, argument);
    response.writeHead(404).end("nothing here");
});

let connections = 0;
server.on("connection", (socket) => Object.assign(socket, { number: ++connections, requests: 0 }));

server.on("checkContinue", (request, response) => {
    if (request.url === "/refuse") return response.writeHead(403).end("not wanted");
    response.writeContinue();
    server.emit("request", request, response);
});

// Octets in capitals, beginning with those that came with the handshake.
function shout(socket, head) {
    const answer = (octets) => socket.write(octets.toString().toUpperCase());
    socket.on("data", answer);
    socket.on("end", () => socket.end());
    if (head.length > 0) answer(head);
}

server.on("upgrade", (request, socket, head) => {
    // Clients may go as they please.
    socket.on("error", () => {});
    if (request.headers.upgrade !== "shout") {
        return socket.end("HTTP/1.1 426 Upgrade Required\r\nUpgrade: shout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    }
    // The first words come with the head.
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\nConnection: upgrade\r\n\r\nHELLO ");
    shout(socket, head);
});

server.on("connect", (request, socket, head) => {
    socket.on("error", () => {});
    const [host, port] = request.url.split(":");
    if (host === "closed.invalid") return socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    const far = net.connect(port, host, () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        far.write(head);
        far.pipe(socket);
        socket.pipe(far);
    });
    far.on("error", () => socket.destroy());
    socket.on("close", () => far.destroy());
});

if (process.argv[2]) server.keepAliveTimeout = Number(process.argv[2]);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
