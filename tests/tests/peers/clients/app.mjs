// Node's fetch against the application of app.rs. Says "done" at the end, or fails.

import assert from "node:assert/strict";

const at = (path) => `http://127.0.0.1:${process.argv[2]}${path}`;
setTimeout(() => { throw new Error("the deadline"); }, 20_000).unref();

async function answers() {
    for (let round = 0; round < 20; round += 1) {
        assert.equal(await (await fetch(at("/"))).text(), "Hello, World!");
    }
    assert.equal(await (await fetch(at("/users/12/x"))).text(), "user 12, x");
    assert.equal(await (await fetch(at("/search?b=%C3%BC&a="))).text(), "a is \nb is ü\n");
    const headers = { "Content-Type": "application/json" };
    const json = await fetch(at("/json"), { method: "POST", headers, body: JSON.stringify({ deep: [{ ly: null }] }) });
    assert.deepEqual(await json.json(), { question: { deep: [{ ly: null }] }, answer: 42 });
    assert.equal((await fetch(at("/json"), { method: "POST", headers, body: "{" })).status, 400);
    assert.equal((await fetch(at("/nowhere"))).status, 404);
    const many = await Promise.all(Array.from({ length: 100 }, (_, id) => fetch(at(`/users/${id}/x`))));
    assert.deepEqual(await Promise.all(many.map((one) => one.text())), many.map((_, id) => `user ${id}, x`));
}

async function streams() {
    const lines = await fetch(at("/stream/5000"));
    assert.equal(lines.headers.get("content-encoding"), "gzip");
    assert.equal(await lines.text(), Array.from({ length: 5000 }, (_, line) => `line ${line}\n`).join(""));
    let left = 100;
    const body = new ReadableStream({
        pull(controller) {
            controller.enqueue(new Uint8Array(10_000));
            left -= 1;
            if (left === 0) controller.close();
        },
    });
    const upload = await fetch(at("/upload"), { method: "POST", body, duplex: "half" });
    assert.equal(await upload.text(), "1000000");
    const large = await fetch(at("/limited"), { method: "POST", body: new Uint8Array(100_000) });
    assert.equal(large.status, 413);
}

async function events() {
    const stop = new AbortController();
    const { body, headers } = await fetch(at("/ticks"), { signal: stop.signal });
    assert.equal(headers.get("content-type"), "text/event-stream");
    const reader = body.getReader();
    for (let seen = ""; seen.split("still here").length < 4;) {
        seen += new TextDecoder().decode((await reader.read()).value);
    }
    stop.abort();
    await assert.rejects(reader.read(), { name: "AbortError" });
    assert.match(await (await fetch(at("/events"))).text(), /^id: 0\nevent: count\ndata: 0\ndata: two lines\n\n/);
}

for (const test of [answers, streams, events]) {
    await test();
}
console.log("done");
