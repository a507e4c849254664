// Node's http against the routes of service.rs. Says "done" at the end, or fails.

import assert from "node:assert/strict";
import http from "node:http";

const port = Number(process.argv[2]);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
setTimeout(() => { throw new Error("the deadline"); }, 20_000).unref();

const pattern = (length) => Buffer.from(Uint8Array.from({ length }, (_, at) => at * 31 + Math.floor(at / 251)));

function begin(method, path, headers = {}, more = {}) {
    return http.request({ host: "127.0.0.1", port, method, path, headers, agent, ...more });
}

function answer(request) {
    return new Promise((resolve, reject) => {
        request.on("error", reject);
        request.on("response", (response) => {
            const pieces = [];
            response.on("data", (piece) => pieces.push(piece));
            response.on("error", reject);
            response.on("end", () => resolve({
                status: response.statusCode, headers: response.headers, trailers: response.trailers,
                content: Buffer.concat(pieces), reused: request.reusedSocket,
            }));
        });
    });
}

async function exchange(method, path, content, headers) {
    const request = begin(method, path, headers);
    const answered = answer(request);
    request.end(content);
    return answered;
}

async function keepAlive() {
    for (let round = 0; round < 20; round += 1) {
        const { status, content, reused } = await exchange("GET", "/");
        assert.deepEqual([status, content.toString(), reused], [200, "Hello, World!", round > 0]);
        const head = await exchange("HEAD", "/");
        assert.deepEqual([head.headers["content-length"], head.content.length, head.reused], ["13", 0, true]);
    }
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "M-SEARCH", "PROPFIND"]) {
        assert.equal((await exchange(method, "/method")).content.toString(), method);
    }
    // More than one at a time, for one socket.
    const targets = Array.from({ length: 50 }, (_, number) => `/target/${number}`);
    const answers = await Promise.all(targets.map((target) => exchange("GET", target)));
    assert.deepEqual(answers.map(({ content }) => content.toString()), targets);
}

async function bodies() {
    const sent = pattern(1_000_000);
    const sized = await exchange("POST", "/echo", sent);
    assert(sized.content.equals(sent));
    const request = begin("POST", "/echo", { Trailer: "Checksum" });
    const answered = answer(request);
    for (let at = 0; at < sent.length; at += 9999) {
        request.write(sent.subarray(at, at + 9999));
    }
    request.addTrailers({ Checksum: "4711" });
    request.end();
    const chunked = await answered;
    assert(chunked.content.equals(sent));
    assert.deepEqual({ ...chunked.trailers }, { checksum: "4711" });
    const { trailers, content } = await exchange("GET", "/trailers");
    assert.deepEqual([{ ...trailers }, content.toString()], [{ checksum: "12" }, "onetwo"]);
}

async function interim() {
    const request = begin("PUT", "/count", { Expect: "100-continue", "Content-Length": 5 });
    const answered = answer(request);
    request.flushHeaders();
    await new Promise((resolve) => request.on("continue", resolve));
    request.end(pattern(5));
    assert.equal((await answered).content.toString(), "5 true none");

    const hinted = begin("GET", "/hints");
    const hints = [];
    hinted.on("information", ({ statusCode, headers }) => hints.push([statusCode, headers.link]));
    const page = answer(hinted);
    hinted.end();
    assert.equal((await page).content.toString(), "page");
    assert.deepEqual(hints, [[103, "</a.css>; rel=preload"], [103, "</a.css>; rel=preload"]]);
}

async function earlyAnswer() {
    const request = begin("POST", "/refuse", { "Content-Length": 1 << 30 });
    request.write(pattern(1000));
    const { status, content } = await answer(request);
    assert.deepEqual([status, content.toString()], [413, "refused"]);
    // Node goes on with a request whose answer is complete; nobody waits for it.
    request.destroy();
}

function echo(socket, head) {
    const sent = pattern(300_000);
    socket.end(sent);
    return new Promise((resolve, reject) => {
        const pieces = [head];
        socket.on("data", (piece) => pieces.push(piece));
        socket.on("error", reject);
        socket.on("end", () => resolve(assert(Buffer.concat(pieces).equals(sent))));
    });
}

async function otherProtocols() {
    const upgrade = begin("GET", "/upgrade", { Connection: "upgrade", Upgrade: "echo" }, { agent: false });
    const upgraded = new Promise((resolve, reject) => {
        upgrade.on("error", reject);
        upgrade.on("upgrade", (response, socket, head) => resolve(echo(socket, head)));
    });
    upgrade.end();
    await upgraded;

    // A tunnel to the same server.
    const connect = begin("CONNECT", `127.0.0.1:${port}`, {}, { agent: false });
    const connected = new Promise((resolve, reject) => {
        connect.on("error", reject);
        connect.on("connect", (response, socket, head) => resolve({ status: response.statusCode, socket, head }));
    });
    connect.end();
    const { status, socket, head } = await connected;
    assert.deepEqual([status, head.length], [200, 0]);
    const inside = begin("GET", "/chunked/100000", {}, { createConnection: () => socket, agent: false });
    const answered = answer(inside);
    inside.end();
    assert((await answered).content.equals(pattern(100_000)));
    socket.destroy();
}

async function cutOff() {
    const request = begin("GET", "/cut", {}, { agent: false });
    const answered = answer(request);
    request.end();
    await assert.rejects(answered, { code: "ECONNRESET" });
}

for (const test of [keepAlive, bodies, interim, earlyAnswer, otherProtocols, cutOff]) {
    await test();
}
agent.destroy();
console.log("done");
